//! A way to a server that can be cut, held up, slowed down and forgotten while it is used.

use std::{io, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    time::sleep,
};

/// How the way is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Open,
    /// Connections are cut, and new ones too.
    Closed,
    /// Connections stay, and what is on them waits.
    Held,
    /// Every piece takes so long.
    Slow(Duration),
}

/// How the way is, and how often its connections were forgotten.
#[derive(Clone, Copy)]
struct Rule {
    way: Way,
    forgotten: usize,
}

/// Carries connections to a server.
pub(crate) struct Gate {
    place: String,
    rule: watch::Sender<Rule>,
}

impl Gate {
    /// An open way to this place.
    pub(crate) async fn to(target: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let place = listener.local_addr().unwrap().to_string();
        let (rule, seen) = watch::channel(Rule { way: Way::Open, forgotten: 0 });
        tokio::spawn(admit(listener, target.to_owned(), seen));
        Self { place, rule }
    }

    /// Where it begins.
    pub(crate) fn place(&self) -> &str {
        &self.place
    }

    /// Cuts all connections, and lets none in until it is opened.
    pub(crate) fn close(&self) {
        self.set(Way::Closed);
    }

    /// Keeps back what is on the way, until it is opened.
    pub(crate) fn hold(&self) {
        self.set(Way::Held);
    }

    /// Delays every piece this long, until it is opened.
    pub(crate) fn slow_down(&self, delay: Duration) {
        self.set(Way::Slow(delay));
    }

    /// Lets everything through.
    pub(crate) fn open(&self) {
        self.set(Way::Open);
    }

    /// From now on nothing gets through on the connections that there are, and neither end is
    /// told; as when a firewall forgets them. New ones are not concerned.
    pub(crate) fn forget(&self) {
        self.rule.send_modify(|rule| rule.forgotten += 1);
    }

    fn set(&self, way: Way) {
        self.rule.send_modify(|rule| rule.way = way);
    }
}

async fn admit(listener: TcpListener, target: String, rule: watch::Receiver<Rule>) {
    let mut end = rule.clone();
    let admitting = async {
        loop {
            let Ok((client, _)) = listener.accept().await else { continue };
            if rule.borrow().way != Way::Closed {
                tokio::spawn(lead(client, target.clone(), rule.clone()));
            }
        }
    };
    tokio::select! {
        () = admitting => {}
        _ = end.wait_for(|_| false) => {}
    }
}

async fn lead(client: TcpStream, target: String, mut rule: watch::Receiver<Rule>) {
    let Ok(server) = TcpStream::connect(target).await else { return };
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let born = rule.borrow().forgotten;
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    // The first end, or the closed way, ends both directions.
    tokio::select! {
        _ = carry(from_client, to_server, rule.clone(), born) => {}
        _ = carry(from_server, to_client, rule.clone(), born) => {}
        _ = rule.wait_for(|rule| rule.way == Way::Closed) => {}
    }
}

async fn carry(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut rule: watch::Receiver<Rule>,
    born: usize,
) -> io::Result<()> {
    let mut buffer = vec![0; 16_384];
    loop {
        let count = from.read(&mut buffer).await?;
        let leads_there = |rule: &Rule| rule.forgotten == born && rule.way != Way::Held;
        let Ok(now) = rule.wait_for(leads_there).await.map(|rule| *rule) else { return Ok(()) };
        if let Way::Slow(delay) = now.way {
            sleep(delay).await;
        }
        if count == 0 {
            return to.shutdown().await;
        }
        to.write_all(&buffer[..count]).await?;
    }
}
