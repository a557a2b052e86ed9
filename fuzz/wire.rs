//! Bytes, as what a WebSocket client sends.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| ihs_fuzz::wire(bytes));
