// Package codec measures Go's own gob with the rows of CodecBenchmark, so that both sides of the table in
// docs/benchmarks.md come from one machine and one run: go test -bench . -benchmem
package codec

import (
	"bytes"
	"encoding/gob"
	"fmt"
	"math/rand"
	"testing"
)

// Envelope is what pgwatch v3.6 and later v3 send.
type Envelope struct {
	DBName     string
	MetricName string
	CustomTags map[string]string
	Data       []map[string]any
}

func envelope(rows int) *Envelope {
	random := rand.New(rand.NewSource(1))
	e := &Envelope{
		DBName:     "db1",
		MetricName: "table_stats",
		CustomTags: map[string]string{"env": "production", "region": "eu-central-1"},
	}
	for i := 0; i < rows; i++ {
		e.Data = append(e.Data, map[string]any{
			"epoch_ns":       int64(1795367430436993182),
			"tag_schema":     fmt.Sprintf("schema_%d", random.Intn(20)),
			"tag_table_name": fmt.Sprintf("customer_orders_%04d", random.Intn(5000)),
			"tag_datname":    "db1",
			"seq_scan":       int64(random.Intn(100_000)),
			"seq_tup_read":   random.Int63() >> 23,
			"idx_scan":       int64(random.Intn(10_000_000)),
			"idx_tup_fetch":  random.Int63() >> 27,
			"n_tup_ins":      int64(random.Intn(1_000_000)),
			"n_tup_upd":      int64(random.Intn(1_000_000)),
			"n_live_tup":     int64(random.Intn(100_000_000)),
			"table_size_b":   random.Int63() >> 21,
			"total_time_ms":  random.Float64() * 1e6,
			"hit_ratio":      random.Float64(),
			"mean_time_ms":   random.Float64() * 100,
			"bloat_pct":      random.Float64() * 50,
			"is_partition":   random.Intn(2) == 0,
			"last_vacuum":    "2025-06-01 12:34:56.789012+00",
		})
	}
	return e
}

// One stream for all iterations, as a connection has: the types are sent once.
func perRow(b *testing.B, rows int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(rows), "ns/row")
}

func BenchmarkEncode(b *testing.B) {
	for _, rows := range []int{1, 10, 100, 1000} {
		b.Run(fmt.Sprint(rows), func(b *testing.B) {
			e := envelope(rows)
			var out bytes.Buffer
			encoder := gob.NewEncoder(&out)
			if err := encoder.Encode(e); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			b.ResetTimer()
			for i := 0; i < b.N; i++ {
				out.Reset()
				if err := encoder.Encode(e); err != nil {
					b.Fatal(err)
				}
			}
			perRow(b, rows)
		})
	}
}

// repeated gives the definitions of the types once, and then the same value for ever.
type repeated struct {
	first, again []byte
	at           int
}

func (r *repeated) Read(p []byte) (int, error) {
	if r.at == len(r.first) {
		r.first, r.at = r.again, 0
	}
	n := copy(p, r.first[r.at:])
	r.at += n
	return n, nil
}

func BenchmarkDecode(b *testing.B) {
	for _, rows := range []int{1, 10, 100, 1000} {
		b.Run(fmt.Sprint(rows), func(b *testing.B) {
			e := envelope(rows)
			var out bytes.Buffer
			encoder := gob.NewEncoder(&out)
			if err := encoder.Encode(e); err != nil {
				b.Fatal(err)
			}
			first := bytes.Clone(out.Bytes())
			out.Reset()
			if err := encoder.Encode(e); err != nil {
				b.Fatal(err)
			}
			decoder := gob.NewDecoder(&repeated{first: first, again: out.Bytes()})
			b.ReportAllocs()
			b.ResetTimer()
			for i := 0; i < b.N; i++ {
				var decoded Envelope
				if err := decoder.Decode(&decoded); err != nil {
					b.Fatal(err)
				}
			}
			perRow(b, rows)
		})
	}
}
