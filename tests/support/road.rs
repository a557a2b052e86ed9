//! A way to a server that can fail without anybody being told.

use std::{
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc,
    },
    thread,
};

/// One connection over the road: what the client has said on it, and whether it still leads there.
#[derive(Default)]
struct Lane {
    said: Mutex<Vec<u8>>,
    is_blocked: AtomicBool,
}

/// Carries connections to another place.
pub(crate) struct Road {
    place: String,
    lanes: Arc<Mutex<Vec<Arc<Lane>>>>,
}

impl Road {
    /// A road to this place.
    pub(crate) fn to(target: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let place = listener.local_addr().unwrap().to_string();
        let lanes: Arc<Mutex<Vec<Arc<Lane>>>> = Arc::default();
        let (target, opened) = (target.to_owned(), Arc::clone(&lanes));
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let Ok(server) = TcpStream::connect(&target) else { continue };
                let lane = Arc::new(Lane::default());
                opened.lock().unwrap().push(Arc::clone(&lane));
                let (to_server, to_client) =
                    (server.try_clone().unwrap(), client.try_clone().unwrap());
                let back = Arc::clone(&lane);
                thread::spawn(move || carry(client, to_server, &lane, true));
                thread::spawn(move || carry(server, to_client, &back, false));
            }
        });
        Self { place, lanes }
    }

    /// Where it begins.
    pub(crate) fn place(&self) -> &str {
        &self.place
    }

    /// A road on which nothing gets through any more, either way, from the moment on when a client
    /// says a word for the second time; and what tells that it did.
    pub(crate) fn until_twice(target: &str, word: &'static str) -> (Self, mpsc::Receiver<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let place = listener.local_addr().unwrap().to_string();
        let (target, (tell, told)) = (target.to_owned(), mpsc::channel());
        let heard = Arc::new(AtomicUsize::new(0));
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let Ok(server) = TcpStream::connect(&target) else { continue };
                let (there, back) = (server.try_clone().unwrap(), client.try_clone().unwrap());
                let (tell, heard) = (tell.clone(), Arc::clone(&heard));
                thread::spawn(move || carry(server, back, &Lane::default(), false));
                thread::spawn(move || carry_until_twice(client, there, word, &heard, &tell));
            }
        });
        (Self { place, lanes: Arc::default() }, told)
    }

    /// From now on nothing gets through, either way, on connections whose client has said this
    /// word. They stay open. New ones are not concerned.
    pub(crate) fn swallow_what_is_on_the_way(&self, word: &str) {
        for lane in self.lanes.lock().unwrap().iter() {
            let said = lane.said.lock().unwrap();
            if String::from_utf8_lossy(&said).contains(word) {
                lane.is_blocked.store(true, Ordering::Release);
            }
        }
    }
}

fn carry_until_twice(
    mut from: TcpStream,
    mut to: TcpStream,
    word: &str,
    heard: &AtomicUsize,
    tell: &mpsc::Sender<()>,
) {
    let mut buffer = [0; 16_384];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        let said = String::from_utf8_lossy(&buffer[..count]).matches(word).count();
        if heard.fetch_add(said, Ordering::AcqRel) + said >= 2 {
            let _ = tell.send(());
            break;
        }
        if to.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(std::net::Shutdown::Both);
}

fn carry(mut from: TcpStream, mut to: TcpStream, lane: &Lane, is_client: bool) {
    let mut buffer = [0; 16_384];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        if is_client {
            lane.said.lock().unwrap().extend_from_slice(&buffer[..count]);
        }
        if !lane.is_blocked.load(Ordering::Acquire) && to.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    if !lane.is_blocked.load(Ordering::Acquire) {
        let _ = to.shutdown(std::net::Shutdown::Both);
    }
}
