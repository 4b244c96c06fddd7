//! The text of a schema as it is registered, from the files in which each type is defined once.

/// Types that commands and events share, by name, each with the text of the file that defines it. Such a file is released with the first schema
/// that names its type, and never edited either.
pub(super) const SHARED: [(&str, &str); 2] = [
    ("Leg", include_str!("../../avro/leg.avsc")),
    ("Mode", include_str!("../../avro/mode.avsc")),
];

/// Of a file by itself. Within a schema the type is in the schema's own, as the names of it there are: a client may have put the schema into another.
const NAMESPACE: &str = "  \"namespace\": \"aerolog.schedule\",\n";

/// Puts the definition of each shared type where the schema names it first: clients that know nothing of a registry's references read it.
pub(super) fn complete(source: &str) -> String {
    SHARED.iter().fold(source.to_owned(), |text, (name, definition)| {
        text.replacen(&format!("\"{name}\""), &within_a_schema(definition), 1)
    })
}

/// A definition as it stands in every schema.
pub(super) fn within_a_schema(definition: &str) -> String {
    definition.trim_end().replacen(NAMESPACE, "", 1)
}
