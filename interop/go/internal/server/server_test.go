package server

import (
	"bytes"
	"math"
	"net"
	"net/rpc"
	"testing"
	"time"

	"pgwatchrpc/interop/internal/kinds"
	"pgwatchrpc/interop/internal/pgwatch"
	"pgwatchrpc/interop/internal/tagged"
)

// connect returns a client of a server in the shape of a version, and what its
// Receiver writes down.
func connect(t *testing.T, version string) (*rpc.Client, pgwatch.Shape, *bytes.Buffer) {
	t.Helper()
	shape, err := pgwatch.ShapeOf(version)
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	s, err := New(shape, &log)
	if err != nil {
		t.Fatal(err)
	}
	near, far := net.Pipe()
	go s.ServeConn(far)
	client := rpc.NewClient(near)
	t.Cleanup(func() { client.Close() })
	return client, shape, &log
}

func call[T any](t *testing.T, c *rpc.Client, method string, args any) (reply T) {
	t.Helper()
	if err := c.Call(method, args, &reply); err != nil {
		t.Errorf("%s: %v", method, err)
	}
	return reply
}

func TestServices(t *testing.T) {
	c, _, _ := connect(t, "v3.7")
	if got := call[int](t, c, "Arith.Multiply", kinds.Args{A: 7, B: -8}); got != -56 {
		t.Errorf("product: %d", got)
	}
	if got := call[kinds.Quotient](t, c, "Arith.Divide", kinds.Args{A: 17, B: 5}); got != (kinds.Quotient{Quo: 3, Rem: 2}) {
		t.Errorf("quotient: %+v", got)
	}
	if got := call[int](t, c, "Echo.Slow", 1); got != 1 {
		t.Errorf("slow: %d", got)
	}
	for method, text := range map[string]string{"Arith.Divide": "divide by zero", "Echo.Fail": "because"} {
		var args any = kinds.Args{A: 1}
		if method == "Echo.Fail" {
			args = text
		}
		if err := c.Call(method, args, nil); err == nil || err.Error() != text {
			t.Errorf("%s: %v", method, err)
		}
	}
}

func TestEcho(t *testing.T) {
	c, _, _ := connect(t, "v3.7")
	echo[string](t, c, "Echo.String", "ключ ✓")
	echo[[]byte](t, c, "Echo.Bytes", []byte{0, 255})
	echo[map[string]int](t, c, "Echo.Map", map[string]int{"a": 1, "b": math.MinInt64})
	echo[time.Time](t, c, "Echo.Time", time.Date(2024, 2, 29, 1, 2, 3, 4, time.FixedZone("", 3600)))
	echo[kinds.KitchenSink](t, c, "Echo.Sink", *kinds.Sink())
	for _, v := range []any{nil, 1, "x", []byte{1}, kinds.Point{X: 1}, []any{nil, true}, map[string]any{"a": 1.5}, kinds.Box{Content: kinds.Celsius(1)}} {
		echo[kinds.Holder](t, c, "Echo.Any", kinds.Holder{Value: v})
	}
}

func echo[T any](t *testing.T, c *rpc.Client, method string, v T) {
	t.Helper()
	got := call[T](t, c, method, &v)
	if !tagged.Same(tagged.OfGo(&got), tagged.OfGo(&v)) {
		t.Errorf("%s: %s (expected: %s)", method, tagged.Marshal(tagged.OfGo(&got)), tagged.Marshal(tagged.OfGo(&v)))
	}
}

func TestReceiver(t *testing.T) {
	tags := map[string]string{"env": "test"}
	rows := []map[string]any{{"b": []byte{255}, "f": math.Inf(-1), "g": float32(0.1), "i": int16(-5), "n": nil}}
	data := `[{"b":{"t":"[]byte","v":"ff"},"f":{"t":"float64","v":"-Inf"},"g":{"t":"float32","v":"0.1"},"i":{"t":"int16","v":"-5"},"n":{"t":"nil"}}]`
	metric := `"MetricDef":{"Description":"","Gauges":["*"],"InitSQL":"create extension x","IsInstanceLevel":false,"NodeStatus":"","SQLs":{"11":"select 1 as v"},"StorageName":""},`
	for version, want := range map[string]string{
		"v3.0": `{"args":{"CustomTags":{"env":"test"},"DBName":"db","Data":` + data + `,` + metric + `"MetricName":"m","RealDbname":"db","SourceType":"","SystemIdentifier":"7711034691957678846"},"method":"Receiver.UpdateMeasurements"}` + "\n" +
			`{"args":{"DbName":"db","MetricName":"m","Operation":{"t":"string","v":"remove"}},"method":"Receiver.SyncMetric"}` + "\n",
		"v3.7": `{"args":{"CustomTags":{"env":"test"},"DBName":"db","Data":` + data + `,"MetricName":"m"},"method":"Receiver.UpdateMeasurements"}` + "\n" +
			`{"args":{"DbName":"db","MetricName":"m","Operation":{"t":"int","v":"1"}},"method":"Receiver.SyncMetric"}` + "\n",
	} {
		c, shape, log := connect(t, version)
		call[string](t, c, pgwatch.UpdateMeasurements, shape.Envelope(pgwatch.Batch{DB: "db", Metric: "m", Tags: tags, Rows: rows}))
		call[string](t, c, pgwatch.SyncMetric, shape.Sync("db", "m", false))
		for _, b := range []struct{ db, metric, want string }{{"", "m", "empty database name"}, {"db", "", "empty metric name"}} {
			err := c.Call(pgwatch.UpdateMeasurements, shape.Envelope(pgwatch.Batch{DB: b.db, Metric: b.metric, Rows: rows}), nil)
			if err == nil || err.Error() != b.want {
				t.Errorf("%v (expected: %s)", err, b.want)
			}
		}
		if got := log.String(); got != want {
			t.Errorf("%s: got %s, want %s", version, got, want)
		}
	}
}
