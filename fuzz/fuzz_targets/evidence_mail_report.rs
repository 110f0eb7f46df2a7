//! Fuzzes the property `evidence_mail_report` of fuzz/src/lib.rs.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    properties::run("evidence_mail_report", bytes);
});
