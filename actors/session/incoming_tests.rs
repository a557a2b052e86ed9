use std::convert::Infallible;

use futures_util::{FutureExt as _, StreamExt as _, stream};
use proptest::prelude::*;

use super::*;

const MOST: usize = 32;
const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CONTINUE: u8 = 0;
const PING: u8 = 9;
const CLOSE: u8 = 8;

fn frame(is_last: bool, opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mask = [1_u8, 2, 3, 4];
    let mut bytes = vec![opcode | if is_last { 0x80 } else { 0 }];
    match payload.len() {
        length @ 0..126 => bytes.push(0x80 | u8::try_from(length).expect("short")),
        length => {
            bytes.push(0x80 | 127);
            bytes.extend((length as u64).to_be_bytes());
        }
    }
    bytes.extend(mask);
    bytes.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    bytes
}

fn hear(chunks: Vec<Vec<u8>>) -> Vec<Result<Heard, Broken>> {
    let bytes = stream::iter(chunks.into_iter().map(|chunk| Ok::<_, Infallible>(chunk.into())));
    Incoming::new(bytes, MOST).collect().now_or_never().expect("all of it is there")
}

fn next(
    incoming: &mut Incoming<impl Stream<Item = Result<Bytes, Infallible>> + Unpin>,
) -> Option<Result<Heard, Broken>> {
    incoming.next().now_or_never().expect("all of it is there")
}

fn text(text: &str) -> Heard {
    Heard::Text(text.into())
}

#[test]
fn fragments_become_one_message_around_a_ping() {
    let smile = "😀".as_bytes();
    let heard = hear(vec![
        frame(false, TEXT, b"a"),
        frame(false, CONTINUE, &smile[..1]),
        frame(true, PING, b"p"),
        frame(false, CONTINUE, &smile[1..]),
        frame(true, CONTINUE, b""),
    ]);
    assert_eq!(heard, [Ok(Heard::Control(Control::Ping("p".into()))), Ok(text("a😀"))]);
}

#[test]
fn a_text_that_is_not_utf8_is_refused_at_the_first_frame_that_shows_it() {
    let heard = hear(vec![frame(false, TEXT, b"\xce\xba\xff"), frame(true, CONTINUE, b"b")]);
    assert_eq!(heard, [Err(Broken::NotUtf8)]);
    assert_eq!(hear(vec![frame(true, TEXT, b"\xff")]), [Err(Broken::NotUtf8)]);
    let cut = hear(vec![frame(false, TEXT, b"\xce"), frame(true, CONTINUE, b"")]);
    assert_eq!(cut, [Err(Broken::NotUtf8)], "a character without its end");
}

#[test]
fn a_frame_that_is_too_large_is_left_out_and_what_follows_is_heard() {
    let mut bytes = frame(false, TEXT, &[b'x'; 1_000]);
    bytes.extend(frame(true, CONTINUE, b"rest"));
    bytes.extend(frame(true, TEXT, b"after"));
    assert_eq!(hear(vec![bytes])[0], Err(Broken::TooLarge));
    let chunks = vec![frame(true, BINARY, &[0; 1_000]), frame(true, TEXT, b"after")];
    assert_eq!(hear(chunks), [Err(Broken::TooLarge), Ok(text("after"))]);
}

#[test]
fn a_frame_that_is_too_large_is_known_by_its_header_and_not_kept() {
    let header = [0x82, 0x80 | 127, 0, 0, 1, 0, 0, 0, 0, 0, 1, 2, 3, 4];
    let endless = stream::iter((0..1_000).map(|_| Ok::<_, Infallible>(vec![0; 1_000].into())));
    let bytes = stream::iter([Ok(Bytes::copy_from_slice(&header))]).chain(endless);
    let mut incoming = Incoming::new(bytes, MOST);
    assert_eq!(next(&mut incoming), Some(Err(Broken::TooLarge)));
    assert_eq!(next(&mut incoming), None);
    assert!(incoming.buffer.capacity() <= 1_000, "{}", incoming.buffer.capacity());
}

#[test]
fn fragments_that_are_too_large_together_are_refused_once() {
    let part = [b'x'; 20];
    let heard = hear(vec![
        frame(false, TEXT, &part),
        frame(false, CONTINUE, &part),
        frame(false, CONTINUE, &part),
        frame(true, CONTINUE, &part),
        frame(true, TEXT, b"after"),
    ]);
    assert_eq!(heard, [Err(Broken::TooLarge), Ok(text("after"))]);
}

#[test]
fn nothing_is_heard_after_a_frame_that_the_protocol_forbids() {
    let forbidden: [(&str, Vec<u8>); 8] = [
        ("a reserved bit", vec![0x81 | 0x40, 0x80, 0, 0, 0, 0]),
        ("an unknown opcode", frame(true, 3, b"")),
        ("no mask", vec![0x81, 0]),
        ("a ping in fragments", frame(false, PING, b"")),
        ("a ping of 126 bytes", frame(true, PING, &[0; 126])),
        ("a close code that is reserved", frame(true, CLOSE, &1005_u16.to_be_bytes())),
        ("a length with its highest bit", [&[0x81, 0xFF, 0x80][..], &[0; 11]].concat()),
        ("a continuation of nothing", frame(true, CONTINUE, b"")),
    ];
    for (name, bytes) in forbidden {
        let heard = hear(vec![bytes, frame(true, TEXT, b"after")]);
        assert_eq!(heard, [Err(Broken::Protocol)], "{name}");
    }
}

proptest! {
    #[test]
    fn messages_are_heard_however_their_bytes_are_cut(
        texts in prop::collection::vec("[a-z😀]{0,7}", 1..6),
        size in 1_usize..40,
    ) {
        let bytes: Vec<u8> =
            texts.iter().flat_map(|text| frame(true, TEXT, text.as_bytes())).collect();
        let heard = hear(bytes.chunks(size).map(<[u8]>::to_vec).collect());
        prop_assert_eq!(heard, texts.iter().map(|sent| Ok(text(sent))).collect::<Vec<_>>());
    }

    #[test]
    fn no_bytes_make_reading_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        hear(vec![bytes]);
    }
}
