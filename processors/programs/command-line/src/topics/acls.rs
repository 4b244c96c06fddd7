//! `topics acls`: the rights that Kafka has to give to each role.

use crate::{Connection, Verdict, say};
use application::Application;
use clap::{Args, ValueEnum};
use serde_json::json;
use topology::acls::{self, Role};

#[derive(Args)]
pub(crate) struct Arguments {
    #[arg(long, value_enum, default_value_t = Form::KafkaAcls)]
    form: Form,
    /// Of one role only
    #[arg(long, value_enum)]
    role: Option<RoleName>,
    /// What Strimzi calls the cluster
    #[arg(long, default_value = "kafka", value_name = "NAME")]
    cluster: String,
}

#[derive(Clone, Copy, ValueEnum)]
enum Form {
    /// Arguments for kafka-acls.sh (scripts/services tool acls), one call a line
    KafkaAcls,
    /// KafkaUser resources of Strimzi's
    Strimzi,
    /// One JSON object for each role
    Json,
}

#[derive(Clone, Copy, ValueEnum)]
enum RoleName {
    Client,
    CommandGateway,
    CommandProcessor,
    Materializer,
    Provisioner,
    Auditor,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Client => Self::Client,
            RoleName::CommandGateway => Self::CommandGateway,
            RoleName::CommandProcessor => Self::CommandProcessor,
            RoleName::Materializer => Self::Materializer,
            RoleName::Provisioner => Self::Provisioner,
            RoleName::Auditor => Self::Auditor,
        }
    }
}

pub(crate) fn run(connection: &Connection<impl Application>, arguments: &Arguments) -> anyhow::Result<Verdict> {
    let topology = connection.topology()?;
    for role in Role::ALL {
        if arguments.role.is_some_and(|wanted| Role::from(wanted) != role) {
            continue;
        }
        let acls = acls::of(&topology, role);
        match arguments.form {
            Form::KafkaAcls => say(acls::kafka_acls(role, &acls).trim_end())?,
            Form::Strimzi => say(format_args!("---\n{}", acls::strimzi(role, &acls, &arguments.cluster).trim_end()))?,
            Form::Json => say(json!({ "role": role, "principal": format!("User:{role}"), "acls": acls }))?,
        }
    }
    Ok(Verdict::Fine)
}
