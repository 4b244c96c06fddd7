package example;

import aerolog.schedule.AddLegs;
import aerolog.schedule.Command;
import aerolog.schedule.CreateRotation;
import aerolog.schedule.Event;
import aerolog.schedule.Leg;
import aerolog.schedule.LegAdded;
import aerolog.schedule.MinimumGroundTimeSet;
import aerolog.schedule.Mode;
import aerolog.schedule.Outcome;
import aerolog.schedule.RegisterAirport;
import aerolog.schedule.RetireAirplane;
import aerolog.schedule.SetMinimumGroundTime;
import aerolog.schedule.Status;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Predicate;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificDatumReader;
import org.apache.avro.specific.SpecificDatumWriter;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * A client in Java: it sends in Avro and in JSON, finds what became of its commands, and reads events.
 *
 * <p>Environment: KAFKA_BOOTSTRAP_SERVERS and SCHEMA_REGISTRY_URL.
 */
public final class Client implements AutoCloseable {
  private static final String COMMANDS = "schedule.commands";
  private static final String EVENTS = "schedule.events";
  private static final String OUTCOMES = "schedule.outcomes";
  private static final String DEAD_LETTERS = "schedule.dead-letters";
  private static final Duration WAIT_MAX = Duration.ofSeconds(30);

  private final HttpClient http = HttpClient.newHttpClient();
  // The default partitioner takes keys to partitions by murmur2, as this project does.
  private final KafkaProducer<byte[], byte[]> producer =
      new KafkaProducer<>(Map.of("bootstrap.servers", env("KAFKA_BOOTSTRAP_SERVERS"), "acks", "all"), new ByteArraySerializer(), new ByteArraySerializer());
  private final int schemaId = latestCommandSchema();

  public static void main(String[] arguments) throws Exception {
    try (Client client = new Client()) {
      client.inAvro();
      client.inJson();
      client.legs();
      client.wrong();
    }
    System.out.println("kafka-clients: accepted in Avro and in JSON, a dead letter, wrong commands refused, and an event read back");
  }

  private void inAvro() throws Exception {
    String id = UUID.randomUUID().toString();
    RegisterAirport airport =
        RegisterAirport.newBuilder().setName("Java Field").setZone("Asia/Jakarta").setMinimumGroundTimeMinutes(30).build();
    write("airport/QJA", avro(command(id, "airport/QJA", airport)), Map.of("type", "RegisterAirport"));
    ConsumerRecord<byte[], byte[]> found = answer(id, OUTCOMES, "accepted", "RegisterAirport");
    Outcome outcome = read(found.value(), Outcome.class);
    check(outcome.getStatus() == Status.accepted && outcome.getVersion() == 1, outcome);
  }

  private void inJson() throws Exception {
    String id = UUID.randomUUID().toString();
    writeJson(id, "airport/QJA", "{\"SetMinimumGroundTime\": {\"minutes\": 45}}");
    answer(id, OUTCOMES, "accepted", "SetMinimumGroundTime");
    ConsumerRecord<byte[], byte[]> found = event(id);
    check(header(found, "type").equals("MinimumGroundTimeSet"), found);
    Object payload = read(found.value(), Event.class).getPayload();
    check(payload instanceof MinimumGroundTimeSet set && set.getMinutes() == 45, payload);
  }

  /** The leg of an event is of the same class as that of the command. */
  private void legs() throws Exception {
    send("rotation/java", new CreateRotation(Mode.draft));
    Instant departure = Instant.parse("2008-01-31T18:05:00Z");
    Leg leg = new Leg("1", "GA11", "QJA", "QJB", departure, departure.plusSeconds(3600));
    String id = send("rotation/java", new AddLegs(List.of(leg)));
    Object payload = read(event(id).value(), Event.class).getPayload();
    check(payload instanceof LegAdded added && added.getLeg().equals(leg), payload);
  }

  private String send(String aggregateId, Object payload) throws Exception {
    String id = UUID.randomUUID().toString();
    write(aggregateId, avro(command(id, aggregateId, payload)), Map.of());
    answer(id, OUTCOMES, "accepted", payload.getClass().getSimpleName());
    return id;
  }

  private ConsumerRecord<byte[], byte[]> event(String commandId) {
    return find(List.of(EVENTS), record -> read(record.value(), Event.class).getCommandId().toString().equals(commandId));
  }

  private void wrong() throws Exception {
    String id = UUID.randomUUID().toString();
    writeJson(id, "airplane/N1JA", "{\"RetireAirplane\": {\"force\": true}}");
    answer(id, DEAD_LETTERS, "dead-letter", "RetireAirplane");
    // No field of a payload has a default: what was forgotten is an error here.
    refused(() -> RetireAirplane.newBuilder().build());
    refused(() -> SetMinimumGroundTime.newBuilder().setMinutes(40).build());
  }

  private static void refused(Runnable build) {
    try {
      build.run();
    } catch (AvroRuntimeException expected) {
      return;
    }
    throw new IllegalStateException("a command without its fields was built");
  }

  private static Command command(String id, String aggregateId, Object payload) {
    return Command.newBuilder().setCommandId(UUID.fromString(id)).setAggregateId(aggregateId).setIssuedBy("a client in Java").setPayload(payload).build();
  }

  /** A command in Confluent's wire format. */
  private byte[] avro(Command command) throws Exception {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(0);
    out.write(ByteBuffer.allocate(4).putInt(schemaId).array());
    var encoder = EncoderFactory.get().directBinaryEncoder(out, null);
    new SpecificDatumWriter<>(Command.class).write(command, encoder);
    return out.toByteArray();
  }

  /** Our own classes are of the latest schemas: an older writer's differ, and are to be asked for by the id in the value. */
  private <T extends SpecificRecord> T read(byte[] value, Class<T> of) {
    try {
      ByteBuffer framed = ByteBuffer.wrap(value);
      check(framed.get() == 0, "no frame");
      Schema writer = schema(framed.getInt());
      var reader = new SpecificDatumReader<T>(of);
      reader.setSchema(writer);
      return reader.read(null, DecoderFactory.get().binaryDecoder(value, 5, value.length - 5, null));
    } catch (java.io.IOException error) {
      throw new java.io.UncheckedIOException(error);
    }
  }

  private final Map<Integer, Schema> schemas = new java.util.HashMap<>();

  private Schema schema(int id) {
    return schemas.computeIfAbsent(id, unknown -> {
      String answer = get("/schemas/ids/" + id);
      return new Schema.Parser().parse(json(answer).get("schema").asText());
    });
  }

  /** A client that registers its own schema would add a version to our subject: this one asks for the latest. */
  private int latestCommandSchema() {
    String answer = get("/subjects/" + COMMANDS + "-value/versions/latest");
    return json(answer).get("id").asInt();
  }

  /** Avro brings Jackson. */
  private static JsonNode json(String text) {
    try {
      return new ObjectMapper().readTree(text);
    } catch (java.io.IOException error) {
      throw new java.io.UncheckedIOException(error);
    }
  }

  private String get(String path) {
    try {
      HttpRequest request = HttpRequest.newBuilder(URI.create(env("SCHEMA_REGISTRY_URL") + path)).timeout(WAIT_MAX).build();
      HttpResponse<String> answer = http.send(request, HttpResponse.BodyHandlers.ofString());
      check(answer.statusCode() == 200, path + ": " + answer.body());
      return answer.body();
    } catch (java.io.IOException | InterruptedException error) {
      throw new IllegalStateException(path, error);
    }
  }

  private void writeJson(String id, String aggregateId, String payload) throws Exception {
    String json = "{\"command_id\": \"%s\", \"aggregate_id\": \"%s\", \"payload\": %s}".formatted(id, aggregateId, payload);
    write(aggregateId, json.getBytes(StandardCharsets.UTF_8), Map.of("content-type", "application/json"));
  }

  private void write(String key, byte[] value, Map<String, String> headers) throws Exception {
    var record = new ProducerRecord<>(COMMANDS, key.getBytes(StandardCharsets.UTF_8), value);
    headers.forEach((name, text) -> record.headers().add(name, text.getBytes(StandardCharsets.UTF_8)));
    producer.send(record).get();
  }

  /** The outcome or the dead letter of a command, by its header: whatever was wrong with the command. */
  private ConsumerRecord<byte[], byte[]> answer(String id, String topic, String status, String type) {
    var found = find(List.of(OUTCOMES, DEAD_LETTERS), record -> header(record, "command-id").equals(id));
    List<String> said = List.of(found.topic(), header(found, "status"), header(found, "type"));
    check(said.equals(List.of(topic, status, type)), said + " " + header(found, "reason"));
    return found;
  }

  private static ConsumerRecord<byte[], byte[]> find(Collection<String> topics, Predicate<ConsumerRecord<byte[], byte[]>> isWanted) {
    Map<String, Object> settings =
        Map.of(
            "bootstrap.servers", env("KAFKA_BOOTSTRAP_SERVERS"),
            "group.id", "client-" + UUID.randomUUID(),
            "auto.offset.reset", "earliest",
            "isolation.level", "read_committed",
            "enable.auto.commit", false);
    long deadline = System.nanoTime() + WAIT_MAX.toNanos();
    try (var consumer = new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      consumer.subscribe(topics);
      while (System.nanoTime() < deadline) {
        for (var record : consumer.poll(Duration.ofSeconds(1))) {
          if (isWanted.test(record)) {
            return record;
          }
        }
      }
    }
    throw new IllegalStateException("nothing of " + topics + " within " + WAIT_MAX);
  }

  private static String header(ConsumerRecord<byte[], byte[]> record, String name) {
    var header = record.headers().lastHeader(name);
    return header == null || header.value() == null ? "" : new String(header.value(), StandardCharsets.UTF_8);
  }

  private static void check(boolean holds, Object found) {
    if (!holds) {
      throw new IllegalStateException(String.valueOf(found));
    }
  }

  private static String env(String name) {
    String value = System.getenv(name);
    check(value != null, name + " is not set");
    return value;
  }

  @Override
  public void close() {
    producer.close();
  }
}
