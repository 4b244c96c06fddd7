// A client in Go: franz-go, hamba/avro and the registry. It sends in Avro and in JSON, finds what became of its commands, and reads events.
//
// Environment: KAFKA_BOOTSTRAP_SERVERS and SCHEMA_REGISTRY_URL.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/hamba/avro/v2"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sr"
)

const (
	commands    = "schedule.commands"
	events      = "schedule.events"
	outcomes    = "schedule.outcomes"
	deadLetters = "schedule.dead-letters"
	waitMax     = 30 * time.Second
)

// Schedule sends commands and waits for what becomes of them.
type Schedule struct {
	registry  *sr.Client
	schemas   map[int]avro.Schema
	commandID int
	producer  *kgo.Client
	answers   *kgo.Client
}

func open(ctx context.Context) (*Schedule, error) {
	registry, err := sr.NewClient(sr.URLs(os.Getenv("SCHEMA_REGISTRY_URL")))
	if err != nil {
		return nil, err
	}
	// A client that registers its own schema would add a version to our subject: this one asks for the latest.
	latest, err := registry.SchemaByVersion(ctx, commands+"-value", -1)
	if err != nil {
		return nil, err
	}
	// franz-go's default partitioner of keys is Java's, murmur2.
	producer, err := kgo.NewClient(servers())
	if err != nil {
		return nil, err
	}
	answers, err := reader(outcomes, deadLetters)
	if err != nil {
		return nil, err
	}
	schedule := &Schedule{registry, map[int]avro.Schema{}, latest.ID, producer, answers}
	_, err = schedule.schema(ctx, latest.ID)
	return schedule, err
}

func servers() kgo.Opt {
	return kgo.SeedBrokers(strings.Split(os.Getenv("KAFKA_BOOTSTRAP_SERVERS"), ",")...)
}

func reader(topics ...string) (*kgo.Client, error) {
	committed := kgo.FetchIsolationLevel(kgo.ReadCommitted())
	return kgo.NewClient(servers(), kgo.ConsumeTopics(topics...), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), committed)
}

func (s *Schedule) schema(ctx context.Context, id int) (avro.Schema, error) {
	if known, ok := s.schemas[id]; ok {
		return known, nil
	}
	text, err := s.registry.SchemaByID(ctx, id)
	if err != nil {
		return nil, err
	}
	schema, err := avro.Parse(text.Schema)
	s.schemas[id] = schema
	return schema, err
}

// avroValue is a command in Confluent's wire format. The one key of the payload is the full name of a record of the union.
func (s *Schedule) avroValue(aggregateID string, payload map[string]any, commandID string) ([]byte, error) {
	command := map[string]any{
		"command_id":       commandID,
		"aggregate_id":     aggregateID,
		"expected_version": nil,
		"issued_by":        map[string]any{"string": "a client in Go"},
		"payload":          payload,
	}
	body, err := avro.Marshal(s.schemas[s.commandID], command)
	if err != nil {
		return nil, err
	}
	var header sr.ConfluentHeader
	frame, err := header.AppendEncode(nil, s.commandID, nil)
	return append(frame, body...), err
}

func (s *Schedule) decoded(ctx context.Context, record *kgo.Record) (map[string]any, error) {
	var header sr.ConfluentHeader
	id, body, err := header.DecodeID(record.Value)
	if err != nil {
		return nil, err
	}
	schema, err := s.schema(ctx, id)
	if err != nil {
		return nil, err
	}
	decoded := map[string]any{}
	return decoded, avro.Unmarshal(schema, body, &decoded)
}

func (s *Schedule) write(ctx context.Context, key string, value []byte, headers ...kgo.RecordHeader) error {
	record := &kgo.Record{Topic: commands, Key: []byte(key), Value: value, Headers: headers}
	return s.producer.ProduceSync(ctx, record).FirstErr()
}

// answer is the outcome or the dead letter of a command, by its header: whatever was wrong with the command.
func (s *Schedule) answer(ctx context.Context, commandID string) (*kgo.Record, error) {
	return find(ctx, s.answers, func(record *kgo.Record) (bool, error) { return header(record, "command-id") == commandID, nil })
}

func find(ctx context.Context, client *kgo.Client, wanted func(*kgo.Record) (bool, error)) (*kgo.Record, error) {
	for {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err0(); err != nil {
			return nil, err
		}
		var found *kgo.Record
		for _, record := range fetches.Records() {
			isWanted, err := wanted(record)
			if err != nil {
				return nil, err
			}
			if isWanted {
				found = record
			}
		}
		if found != nil {
			return found, nil
		}
	}
}

func header(record *kgo.Record, name string) string {
	value := ""
	for _, header := range record.Headers {
		if header.Key == name {
			value = string(header.Value)
		}
	}
	return value
}

// expect fails unless the headers of a command's answer say this.
func (s *Schedule) expect(ctx context.Context, commandID, topic, status, commandType string) (*kgo.Record, error) {
	record, err := s.answer(ctx, commandID)
	if err != nil {
		return nil, fmt.Errorf("no answer to %s: %w", commandID, err)
	}
	found := []string{record.Topic, header(record, "status"), header(record, "type")}
	if wanted := []string{topic, status, commandType}; fmt.Sprint(found) != fmt.Sprint(wanted) {
		return nil, fmt.Errorf("the answer to %s is %v, expected %v: %s", commandID, found, wanted, header(record, "reason"))
	}
	return record, nil
}

func run(ctx context.Context) error {
	schedule, err := open(ctx)
	if err != nil {
		return err
	}
	defer schedule.producer.Close()
	defer schedule.answers.Close()
	if err := inAvro(ctx, schedule); err != nil {
		return err
	}
	if err := inJSON(ctx, schedule); err != nil {
		return err
	}
	return wrong(ctx, schedule)
}

func inAvro(ctx context.Context, schedule *Schedule) error {
	id := uuid.NewString()
	airport := map[string]any{"name": "Go Field", "zone": "Europe/Zurich", "minimum_ground_time_minutes": 30}
	value, err := schedule.avroValue("airport/QGO", map[string]any{"aerolog.schedule.RegisterAirport": airport}, id)
	if err != nil {
		return err
	}
	trace := kgo.RecordHeader{Key: "traceparent", Value: []byte("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")}
	if err := schedule.write(ctx, "airport/QGO", value, trace); err != nil {
		return err
	}
	record, err := schedule.expect(ctx, id, outcomes, "accepted", "RegisterAirport")
	if err != nil {
		return err
	}
	if header(record, "traceparent") != string(trace.Value) {
		return fmt.Errorf("the outcome has lost the trace: %v", record.Headers)
	}
	outcome, err := schedule.decoded(ctx, record)
	if err != nil {
		return err
	}
	if outcome["aggregate_id"] != "airport/QGO" || outcome["version"] != int64(1) {
		return fmt.Errorf("another outcome: %v", outcome)
	}
	return nil
}

func inJSON(ctx context.Context, schedule *Schedule) error {
	id := uuid.NewString()
	if err := schedule.writeJSON(ctx, id, "airport/QGO", map[string]any{"SetMinimumGroundTime": map[string]any{"minutes": 45}}); err != nil {
		return err
	}
	if _, err := schedule.expect(ctx, id, outcomes, "accepted", "SetMinimumGroundTime"); err != nil {
		return err
	}
	client, err := reader(events)
	if err != nil {
		return err
	}
	defer client.Close()
	record, err := find(ctx, client, func(record *kgo.Record) (bool, error) {
		event, err := schedule.decoded(ctx, record)
		return err == nil && event["command_id"] == id, err
	})
	if err != nil {
		return fmt.Errorf("no event of %s: %w", id, err)
	}
	if found := header(record, "type"); found != "MinimumGroundTimeSet" || string(record.Key) != "airport/QGO" {
		return fmt.Errorf("another event: %s of %s", found, record.Key)
	}
	return nil
}

func wrong(ctx context.Context, schedule *Schedule) error {
	id := uuid.NewString()
	if err := schedule.writeJSON(ctx, id, "airplane/N1GO", map[string]any{"RetireAirplane": map[string]any{"force": true}}); err != nil {
		return err
	}
	if _, err := schedule.expect(ctx, id, deadLetters, "dead-letter", "RetireAirplane"); err != nil {
		return err
	}
	for _, payload := range []map[string]any{
		{"RegisterAirplane": map[string]any{"aircraft_type": "332"}},
		{"aerolog.schedule.RetireAirplane": map[string]any{}},
		{"aerolog.schedule.SetMinimumGroundTime": map[string]any{"minutes": 40, "aircraft_typ": "332"}},
	} {
		if value, err := schedule.avroValue("airplane/N1GO", payload, id); err == nil {
			return fmt.Errorf("%v became %x", payload, value)
		}
	}
	return nil
}

func (s *Schedule) writeJSON(ctx context.Context, id, aggregateID string, payload map[string]any) error {
	value, err := json.Marshal(map[string]any{"command_id": id, "aggregate_id": aggregateID, "payload": payload})
	if err != nil {
		return err
	}
	return s.write(ctx, aggregateID, value, kgo.RecordHeader{Key: "Content-Type", Value: []byte("application/json")})
}

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), waitMax)
	defer cancel()
	if err := run(ctx); err != nil {
		log.Fatal(err)
	}
	fmt.Println("franz-go: accepted in Avro and in JSON, a dead letter, wrong commands refused, and an event read back")
}
