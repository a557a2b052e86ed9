//! Texts, as frames of the protocol.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| ihs_fuzz::protocol(text));
