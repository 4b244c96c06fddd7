//! Commands as JSON, one a line, and their answers: how a proxy in another process is driven.

use crate::proxy::Proxy;
use crate::rules::{HeldId, Rule, RuleId};
use serde::Deserialize;
use serde_json::{Value, json};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// The commands, for people.
pub const HELP: &str = r#"Commands, one JSON object a line; each is answered with one: {"ok":…} or {"error":"…"}

  {"do":"add","rule":{"when":WHEN,"fault":FAULT}}   answers with the number of the rule
  {"do":"remove","rule":1}       takes one rule away
  {"do":"heal"}                  takes all rules away; held requests stay held
  {"do":"rules"}                 lists the rules
  {"do":"held"}                  lists the held requests
  {"do":"release","held":2}      sends it on and waits for the broker's answer
  {"do":"release-all"}           sends all on, in the order in which they came
  {"do":"discard-held"}          forgets all
  {"do":"reset","client-id":"x"} resets the connections of clients whose id has this part
  {"do":"counts"}                what has passed and what was done to it
  {"do":"brokers"}               where the proxy listens for which broker

WHEN    all that is set must be met: {"api":"EndTxn","client-id":"part of it","transactional-id":"all of it","commit":true,
        "contains":"text in the request","broker":"host:port","after":2,"times":1}; {} is every request
FAULT   {"delay":{"ms":100}} or {"delay-answer":{"ms":100}}
        {"hold":{"client":"reset","release-on":WHEN}}   client: "reset" or "waits"; without release-on, until released
        {"drop-answer":{"client":"waits"}}, "reset", "overturn", {"half-close":{"side":"client"}}   side: "client" or "broker"; an EndTxn
        that is overturned aborts where it was to commit
        {"blackhole":{"direction":"both"}}   "to-broker", "to-client" or "both", until the rule is taken away
        {"throttle":{"bytes-per-s":10000}}, {"latency":{"ms":20}}
        The last three are about whole connections: all connections of the clients and brokers named, or, when WHEN asks for
        more, those on which such a request came."#;

/// How long a released request may take.
const RELEASE_WAIT: Duration = Duration::from_secs(30);
const LINE_BYTES_MAX: u64 = 1024 * 1024;

/// With braces where there is nothing more to say: what is too much is an error then.
#[derive(Debug, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
enum Command {
    Add {
        rule: Rule,
    },
    Remove {
        rule: RuleId,
    },
    Heal {},
    Rules {},
    Held {},
    Release {
        held: HeldId,
    },
    ReleaseAll {},
    DiscardHeld {},
    Reset {
        #[serde(rename = "client-id")]
        client_id: String,
    },
    Counts {},
    Brokers {},
}

/// Obeys one command, and answers with one line.
pub fn answer(proxy: &Proxy, line: &str) -> String {
    let done = serde_json::from_str(line)
        .map_err(|error| error.to_string())
        .and_then(|command| obey(proxy, command));
    let answer = match done {
        Ok(result) => json!({ "ok": result }),
        Err(error) => json!({ "error": error }),
    };
    answer.to_string()
}

fn obey(proxy: &Proxy, command: Command) -> Result<Value, String> {
    let result = match command {
        Command::Add { rule } => serde_json::to_value(proxy.add_rule(rule)),
        Command::Remove { rule } => {
            if !proxy.remove(rule) {
                return Err(format!("there is no rule {}", rule.0));
            }
            Ok(Value::Null)
        }
        Command::Heal {} => {
            proxy.heal();
            Ok(Value::Null)
        }
        // A list, for JSON's objects have texts as their keys only.
        Command::Rules {} => {
            let rules = proxy.rules();
            let rules = rules.iter().map(|(id, rule)| json!({ "id": id, "rule": rule }));
            Ok(rules.collect())
        }
        Command::Held {} => serde_json::to_value(proxy.held()),
        Command::Release { held } => serde_json::to_value(release(proxy, held)?),
        Command::ReleaseAll {} => {
            let mut released = Vec::new();
            for held in proxy.held() {
                released.push(release(proxy, held.id)?);
            }
            serde_json::to_value(released)
        }
        Command::DiscardHeld {} => serde_json::to_value(proxy.discard_held()),
        Command::Reset { client_id } => serde_json::to_value(proxy.reset_connections(&client_id)),
        Command::Counts {} => serde_json::to_value(proxy.counts()),
        Command::Brokers {} => serde_json::to_value(proxy.brokers()),
    };
    result.map_err(|error| error.to_string())
}

fn release(proxy: &Proxy, held: HeldId) -> Result<crate::held::Released, String> {
    proxy.release(held, RELEASE_WAIT).map_err(|error| error.to_string())
}

/// Answers the commands of one connection until it ends.
pub fn serve(proxy: &Proxy, stream: &UnixStream) -> io::Result<()> {
    let mut lines = BufReader::new(stream);
    let mut line = String::new();
    loop {
        line.clear();
        if lines.by_ref().take(LINE_BYTES_MAX).read_line(&mut line)? == 0 {
            return Ok(());
        }
        let mut answer = answer(proxy, line.trim());
        answer.push('\n');
        let mut out = stream;
        out.write_all(answer.as_bytes())?;
    }
}

#[cfg(test)]
mod tests;
