//! Cells of each kind in each form.

use super::*;
use serde_json::json;

const COLUMNS: [&str; 4] = ["leg", "note", "minutes", "retired"];

fn written(form: Form, rows: &[[Value; 4]]) -> String {
    let mut out = Vec::new();
    let mut sheet = Sheet::new(form, &COLUMNS, &mut out).unwrap();
    rows.iter().for_each(|row| sheet.write(row).unwrap());
    assert_eq!(sheet.end().unwrap(), rows.len() as u64);
    String::from_utf8(out).unwrap()
}

#[test]
fn a_cell_without_a_value_is_empty_in_csv_and_null_in_ndjson_and_the_columns_keep_their_order() {
    let rows = [
        [json!("007"), json!("a, \"b\"\nc"), json!(-5), json!(true)],
        [json!("x"), Value::Null, Value::Null, Value::Null],
    ];
    assert_eq!(
        written(Form::Csv, &rows),
        "leg,note,minutes,retired\n007,\"a, \"\"b\"\"\nc\",-5,true\nx,,,\n"
    );
    assert_eq!(
        written(Form::Ndjson, &rows),
        "{\"leg\":\"007\",\"note\":\"a, \\\"b\\\"\\nc\",\"minutes\":-5,\"retired\":true}\n\
         {\"leg\":\"x\",\"note\":null,\"minutes\":null,\"retired\":null}\n"
    );
}

/// Standard output whose reader has gone, as `head` does.
struct Closed;

impl Write for Closed {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_closed_pipe_is_distinguished_from_other_errors_in_each_form() {
    // More than is buffered.
    let row = ["x".repeat(100_000).into(), Value::Null, Value::Null, Value::Null];
    for form in [Form::Csv, Form::Ndjson] {
        let written = Sheet::new(form, &COLUMNS, Closed).and_then(|mut sheet| sheet.write(&row));
        assert_eq!(written.unwrap_err().kind(), io::ErrorKind::BrokenPipe, "{form:?}");
    }
}

#[test]
fn a_table_without_rows_has_names_in_csv_and_no_line_in_ndjson() {
    assert_eq!(written(Form::Csv, &[]), "leg,note,minutes,retired\n");
    assert_eq!(written(Form::Ndjson, &[]), "");
}
