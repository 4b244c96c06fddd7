//! The pipeline on a real broker: processors that stop, die and share, views that are rebuilt, and what bad input becomes.

mod pipeline {
    mod answers;
    mod bad_input;
    mod encrypted;
    mod open_files;
    mod past;
    mod processors;
    mod starting;
    mod upgrading;
    mod views;
}
