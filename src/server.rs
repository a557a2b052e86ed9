//! The composition root: settings → store → hub → REST layer → HTTP server.

use std::{
    any::Any,
    io,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use actix_web::{
    App, HttpServer,
    dev::{Server, ServerHandle},
    rt,
};
use ihs_actors::{Bus, BusError, FanOut, Hub, LocalBus, Parts, RedisBus};
use ihs_api::{Ctx, gate::Accounts};
use ihs_config::{BusSettings, ServerSettings, Settings};
use ihs_store::{ObjectIds, Store, StoreError, SystemClock};
use socket2::SockRef;
use tokio::{
    net::{TcpSocket, TcpStream},
    signal::unix::{Signal, SignalKind, signal},
};

use crate::{failure::Failure, files, transfer::target, welcome};

/// Fewest connections that a thread takes, whatever the limit of sockets is: REST needs some too.
const CONNECTIONS_MIN: usize = 1_024;

/// How far apart sockets are sent away: fewer of them take less time than the settings allow.
const SPREAD: Duration = Duration::from_millis(2);

/// How often what has expired is removed from the store.
const SWEEP: Duration = Duration::from_mins(10);

/// How long a connection without requests stays open: longer than pooled clients and proxies hold
/// theirs, commonly 60 s, so that none sends into one that is being closed.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// How long clients that were told to go may take to close.
const CLOSING: Duration = Duration::from_secs(2);

/// How often a stopping node looks whether they have.
const LOOK: Duration = Duration::from_millis(20);

/// Serves until it is told to stop.
pub(crate) async fn serve(settings: Settings) -> Result<(), Failure> {
    let listener = listen(&settings.server)?;
    let place = listener.local_addr().map_err(|error| cannot_listen(&settings.server, error))?;
    // Before anything that takes long: whoever stops a node that is starting is heard, too.
    let signals = Signals::new()?;
    files::raise_limit();
    let bus = open_bus(&settings.bus)?;
    let store = open_store(&settings).await?;
    let composed = async {
        let ctx = compose(settings, Arc::clone(&store), bus).await?;
        target::refuse_half(&*store).await?;
        Ok(ctx)
    };
    let served = serve_node(composed, signals, (listener, place)).await;
    store.close().await;
    served
}

/// Opens the store that the settings name.
pub(crate) async fn open_store(settings: &Settings) -> Result<Arc<dyn Store>, Failure> {
    ihs_store::open(settings).await.map_err(|error| {
        let place = welcome::data_place(settings);
        let message = match error {
            StoreError::InUse { .. } => format!(
                "the store is in use: {place}. Stop the node that has it, or name another folder \
                 with --data-dir"
            ),
            _ => format!("the store cannot be opened: {place}"),
        };
        Failure::failed(message).because(error)
    })
}

/// Starts the bus that the settings name. A Redis that is away is no reason not to start.
fn open_bus(settings: &BusSettings) -> Result<Arc<dyn Bus>, Failure> {
    if settings.is_local() {
        return Ok(Arc::new(LocalBus::default()));
    }
    Ok(Arc::new(RedisBus::start(settings).map_err(no_bus)?))
}

/// A setting that cannot be used, or what else keeps a bus from being started.
pub(crate) fn no_bus(error: BusError) -> Failure {
    match error {
        BusError::Address(_) | BusError::Server(_) => {
            Failure::usage("the settings cannot be used").because(error)
        }
        BusError::Thread(_) | BusError::Away(_) => {
            Failure::failed("there is no bus between nodes").because(error)
        }
    }
}

/// The parts of a node over an open store, with its collections made.
pub(crate) async fn compose(
    settings: Settings,
    store: Arc<dyn Store>,
    bus: Arc<dyn Bus>,
) -> Result<Ctx, Failure> {
    let hub = Hub::new(Parts {
        store: Arc::clone(&store),
        bus,
        clock: Arc::new(SystemClock),
        ids: Arc::new(ObjectIds),
        settings: Arc::new(settings.clone()),
    });
    let ctx = Ctx::new(settings, store, hub)
        .map_err(|error| Failure::failed("the node cannot be put together").because(error))?;
    ctx.prepare()
        .await
        .map_err(|error| Failure::failed("the store cannot be prepared").because(error))?;
    Ok(ctx)
}

async fn serve_node(
    composed: impl Future<Output = Result<Ctx, Failure>>,
    mut signals: Signals,
    (listener, place): (std::net::TcpListener, SocketAddr),
) -> Result<(), Failure> {
    let ctx = tokio::select! {
        ctx = composed => ctx?,
        () = signals.next() => return Ok(()),
    };
    let server = http_server(&ctx, listener)
        .map_err(|error| Failure::failed(format!("cannot serve at {place}")).because(error))?;
    rt::spawn(stop_when_told(signals, server.handle(), ctx.clone()));
    rt::spawn(sweep(ctx.clone()));
    welcome::print(&ctx.settings, place);
    let ended = server.await;
    ctx.hub.settle_activity().await;
    ctx.settle().await;
    ended.map_err(|error| Failure::failed("the server has failed").because(error))
}

fn http_server(ctx: &Ctx, listener: std::net::TcpListener) -> io::Result<Server> {
    let settings = Arc::clone(&ctx.settings);
    let stalled = Duration::from_secs(settings.limits.stalled_seconds.max(1));
    let ctx = ctx.clone();
    let mut server = HttpServer::new(move || {
        let ctx = ctx.clone();
        // Called once on each thread: every thread has a fan-out of its own.
        let fan_out = FanOut::start(ctx.hub.clone(), Arc::new(Accounts::new(ctx.clone())));
        App::new().app_data(fan_out).configure(move |app| ihs_api::configure(app, &ctx))
    })
    // With Nagle's algorithm a frame waits for the ack of the one before it: up to 40 ms.
    .tcp_nodelay(true)
    .keep_alive(KEEP_ALIVE)
    .on_connect(move |connection, _| bound_stall(connection, stalled))
    .max_connections(settings.limits.sockets.max(CONNECTIONS_MIN))
    .shutdown_timeout(settings.server.shutdown_seconds)
    .disable_signals();
    if settings.server.workers > 0 {
        server = server.workers(settings.server.workers);
    }
    Ok(server.listen(listener)?.run())
}

/// Has the kernel end a connection whose client takes nothing for so long. Nobody else can: the
/// session of a client that does not read is not run, and so cannot end itself.
fn bound_stall(connection: &dyn Any, stalled: Duration) {
    let Some(stream) = connection.downcast_ref::<TcpStream>() else { return };
    if let Err(error) = SockRef::from(stream).set_tcp_user_timeout(Some(stalled)) {
        tracing::warn!(%error, "a connection is not watched for clients that do not read");
    }
}

/// Binds the address with a bounded backlog.
fn listen(settings: &ServerSettings) -> Result<std::net::TcpListener, Failure> {
    let bound = || {
        let socket = match settings.listen {
            SocketAddr::V4(_) => TcpSocket::new_v4()?,
            SocketAddr::V6(_) => TcpSocket::new_v6()?,
        };
        socket.set_reuseaddr(true)?;
        socket.bind(settings.listen)?;
        socket.listen(settings.backlog)?.into_std()
    };
    bound().map_err(|error| cannot_listen(settings, error))
}

fn cannot_listen(settings: &ServerSettings, error: io::Error) -> Failure {
    let place = settings.listen;
    let failure = match error.kind() {
        io::ErrorKind::AddrInUse => format!(
            "{place} is in use by another program: stop it, or choose another port with --listen"
        ),
        _ => format!("cannot listen on {place} (server.listen)"),
    };
    Failure::failed(failure).because(error)
}

/// The signals that end the process.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> Result<Self, Failure> {
        let both = || -> io::Result<Self> {
            Ok(Self {
                terminate: signal(SignalKind::terminate())?,
                interrupt: signal(SignalKind::interrupt())?,
            })
        };
        both().map_err(|error| Failure::failed("cannot wait for signals").because(error))
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// The first signal lets what is under way finish; a second one does not.
async fn stop_when_told(mut signals: Signals, server: ServerHandle, ctx: Ctx) {
    signals.next().await;
    tracing::info!("stopping");
    ctx.drain();
    tokio::select! {
        () = stop(&server, &ctx) => {}
        () = signals.next() => server.stop(false).await,
    }
}

/// Sends the sockets elsewhere, then lets requests finish.
async fn stop(server: &ServerHandle, ctx: &Ctx) {
    let sockets = u32::try_from(ctx.hub.sockets()).unwrap_or(u32::MAX);
    let longest = Duration::from_secs(ctx.settings.server.drain_seconds);
    let window = SPREAD.saturating_mul(sockets).min(longest);
    ctx.hub.drain(window);
    let deadline = Instant::now() + window + CLOSING;
    while ctx.hub.sockets() > 0 && Instant::now() < deadline {
        rt::time::sleep(LOOK).await;
    }
    ctx.hub.settle(CLOSING).await;
    server.stop(true).await;
}

/// Removes what has expired, for as long as the node runs.
async fn sweep(ctx: Ctx) {
    let mut ticks = rt::time::interval(SWEEP);
    loop {
        ticks.tick().await;
        if let Err(error) = ihs_api::sweep(&ctx).await {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, "what has expired is kept for now");
        }
    }
}
