// Keyed calls a receiver as clients with and without a key do, and prints what
// it was answered: one JSON object with the error texts, empty for success. The calls
// are SyncMetric, an envelope of one row, SyncMetric, an envelope whose custom
// tags hold no key.
package main

import (
	"encoding/json"
	"flag"
	"log"
	"net/rpc"
	"os"

	"pgwatchrpc/interop/internal/pgwatch"
)

// Envelope is that of pgwatch 3.7 with one more field, which a receiver that
// knows of no keys ignores.
type Envelope struct {
	DBName     string
	MetricName string
	CustomTags map[string]string
	Data       []map[string]any
	ApiKey     string
}

// SyncReq is that of pgwatch 3.7, likewise.
type SyncReq struct {
	DbName     string
	MetricName string
	Operation  int
	ApiKey     string
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("keyed: ")
	addr := flag.String("addr", "127.0.0.1:5000", "host:port of the receiver")
	version := flag.String("shape", "v3.7", "version to behave like: "+pgwatch.Shapes)
	way := flag.String("way", "none", "how the key is shown: none, tag (an unmodified pgwatch) or field")
	key := flag.String("key", "", "the key")
	flag.Parse()

	shape, err := pgwatch.ShapeOf(*version)
	if err != nil {
		log.Fatal(err)
	}
	client, err := rpc.DialHTTP("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()

	envelope := func(tags map[string]string) any {
		rows := []map[string]any{{"epoch_ns": int64(1700000000000000000), "v": int64(42)}}
		if *way == "field" {
			return &Envelope{DBName: "shop", MetricName: "m", CustomTags: tags, Data: rows, ApiKey: *key}
		}
		return shape.Envelope(pgwatch.Batch{DB: "shop", Metric: "m", Tags: tags, Rows: rows})
	}
	sync := func() any {
		if *way == "field" {
			return &SyncReq{DbName: "shop", MetricName: "m", ApiKey: *key}
		}
		return shape.Sync("shop", "m", true)
	}
	tags := map[string]string{"env": "test"}
	if *way == "tag" {
		tags["pgwatch_rpc_key"] = *key
	}
	answers := []string{}
	call := func(method string, args any) {
		var reply string
		text := ""
		if err := client.Call(method, args, &reply); err != nil {
			text = err.Error()
		}
		answers = append(answers, text)
	}
	call(pgwatch.SyncMetric, sync())
	call(pgwatch.UpdateMeasurements, envelope(tags))
	call(pgwatch.SyncMetric, sync())
	call(pgwatch.UpdateMeasurements, envelope(map[string]string{"env": "test"}))
	if err := json.NewEncoder(os.Stdout).Encode(map[string]any{"answers": answers}); err != nil {
		log.Fatal(err)
	}
}
