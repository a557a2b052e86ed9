//! A way to a server that can fail without anybody being told.

use std::{
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
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
