//! Fuzzes the property `tile_path` of fuzz/src/lib.rs.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    properties::run("tile_path", bytes);
});
