# shellcheck shell=bash disable=SC2154
# A broker that no client reaches without a password, and that allows nothing but what ACLs allow; to be sourced after processes.sh.
# Everything of it is in DIR/secure, readable by its owner only: keys, a password for each principal, and settings for clients.

# The roles of `aerolog topics acls`, and the one that may do everything.
SECURE_PRINCIPALS=(admin client command-gateway command-processor materializer provisioner auditor)

is_secure() {
    [[ -d "$data/secure" ]]
}

prepare_security() {
    is_secure && return
    local part="$data/secure.part" principal
    rm -rf "$part"
    # The folder that holds keys is closed before anything is in it.
    mkdir -p "$data"
    mkdir -m 700 "$part" "$part/passwords"
    say "making keys and passwords in $data/secure"
    (
        umask 077
        cd -- "$part"
        openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -days 365 -subj /CN=aerolog-services
        openssl req -newkey rsa:2048 -nodes -keyout broker.key -out broker.csr -subj /CN=kafka
        openssl x509 -req -in broker.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 365 -out broker.crt \
            -extfile <(printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\n')
        cat broker.key broker.crt ca.crt >broker.pem
        for principal in "${SECURE_PRINCIPALS[@]}"; do
            head -c 24 /dev/urandom | base64 | tr '+/' '-_' >"passwords/$principal"
        done
    ) >"$data/secure.log" 2>&1 || die "keys and passwords could not be made" "$data/secure.log"
    mv "$part" "$data/secure"
    for principal in "${SECURE_PRINCIPALS[@]}"; do
        client_settings "$principal"
    done
}

# For `aerolog --kafka-settings`, for processes of Aerolog's, and for Kafka's own tools.
client_settings() {
    local principal="$1" home="$data/secure"
    (
        umask 077
        printf '%s\n' security.protocol=SASL_SSL sasl.mechanism=SCRAM-SHA-512 "ssl.ca.location=$home/ca.crt" "sasl.username=$principal" \
            "sasl.password_file=$home/passwords/$principal" >"$home/$principal.settings"
        {
            printf 'export AEROLOG_KAFKA__SECURITY_PROTOCOL=SASL_SSL AEROLOG_KAFKA__SASL_MECHANISM=SCRAM-SHA-512\n'
            printf 'export AEROLOG_KAFKA__SSL_CA_LOCATION=%q AEROLOG_KAFKA__SASL_USERNAME=%q\n' "$home/ca.crt" "$principal"
            printf 'export AEROLOG_KAFKA__SASL_PASSWORD_FILE=%q AEROLOG_KAFKA_SETTINGS=%q\n' "$home/passwords/$principal" "$home/$principal.settings"
        } >"$home/$principal.env"
        printf '%s\n' security.protocol=SASL_SSL sasl.mechanism=SCRAM-SHA-512 ssl.truststore.type=PEM "ssl.truststore.location=$home/ca.crt" \
            "sasl.jaas.config=$(scram_login "$principal")" >"$home/$principal.properties"
    )
}

scram_login() {
    echo "org.apache.kafka.common.security.scram.ScramLoginModule required username=\"$1\" password=\"$(cat "$data/secure/passwords/$1")\";"
}

# The broker's settings instead of those of a plain one. What stands later in the file counts.
secure_properties() {
    local home="$data/secure" admin
    admin="$(cat "$home/passwords/admin")"
    cat <<PROPERTIES
listeners=SASL_SSL://127.0.0.1:$kafka_port,CONTROLLER://127.0.0.1:$controller_port
advertised.listeners=SASL_SSL://127.0.0.1:$kafka_port
listener.security.protocol.map=SASL_SSL:SASL_SSL,CONTROLLER:SASL_SSL
inter.broker.listener.name=SASL_SSL
sasl.enabled.mechanisms=SCRAM-SHA-512
sasl.mechanism.inter.broker.protocol=SCRAM-SHA-512
listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config=$(scram_login admin)
# The controller has no records of passwords before it runs: its listener takes one that stands here.
sasl.mechanism.controller.protocol=PLAIN
listener.name.controller.sasl.enabled.mechanisms=PLAIN
listener.name.controller.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required username="admin" password="$admin" user_admin="$admin";
ssl.keystore.type=PEM
ssl.keystore.location=$home/broker.pem
ssl.truststore.type=PEM
ssl.truststore.location=$home/ca.crt
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
allow.everyone.if.no.acl.found=false
super.users=User:admin
PROPERTIES
}

# The passwords that a new log begins with, as arguments for its formatting.
scram_arguments() {
    local principal
    is_secure || return 0
    for principal in "${SECURE_PRINCIPALS[@]}"; do
        printf '%s\n' --add-scram "SCRAM-SHA-512=[name=$principal,password=$(cat "$data/secure/passwords/$principal")]"
    done
}
