//! `describe`: the topology for people and for tools.

pub mod asyncapi;

use crate::{Connection, Verdict, say};
use application::Application;
use clap::{Args, ValueEnum};
use topology::describe;

#[derive(Args)]
pub(crate) struct Arguments {
    #[arg(long, value_enum, default_value_t = Form::Text)]
    form: Form,
}

#[derive(Clone, Copy, ValueEnum)]
enum Form {
    /// A picture and a table for the terminal
    Text,
    /// A Mermaid flowchart
    Mermaid,
    /// An AsyncAPI 3.0 document in JSON, with the schemas
    AsyncApi,
}

pub(crate) fn run<A: Application>(connection: &Connection<A>, arguments: &Arguments) -> anyhow::Result<Verdict> {
    let topology = connection.topology()?;
    match arguments.form {
        Form::Text => say(format_args!(
            "{}\n{}",
            describe::picture(&topology),
            describe::table(&topology).trim_end()
        ))?,
        Form::Mermaid => say(describe::mermaid(&topology).trim_end())?,
        Form::AsyncApi => say(serde_json::to_string_pretty(&asyncapi::document::<A>(&topology))?)?,
    }
    Ok(Verdict::Fine)
}
