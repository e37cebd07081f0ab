// Command pgwatch calls a receiver of measurements as the released versions of
// pgwatch 3 do, with net/rpc itself, and checks every answer. It prints one
// JSON line and exits with 1 when something was not as it should be.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"sort"
	"strings"
	"time"

	"pgwatchrpc/interop/internal/pgwatch"
	"pgwatchrpc/interop/internal/secure"
)

type options struct {
	addr, transport    string
	tls                secure.Flags
	shape              pgwatch.Shape
	connections, calls int
	rows, inflight     int
	size               int
	firstSeq           int64
	duration, timeout  time.Duration
	rate               float64
	expect             expectations
}

// expectations are error texts by what causes them.
type expectations map[string]string

func (e expectations) String() string { return "" }

func (e expectations) Set(s string) error {
	key, text, ok := strings.Cut(s, "=")
	if !ok {
		return fmt.Errorf("expectation: %q (expected: KEY=TEXT)", s)
	}
	e[key] = text
	return nil
}

// met tells whether an error text is as expected: the same, or, after a tilde,
// holding the text. An empty expectation takes any text but an empty one.
func (e expectations) met(key, text string) bool {
	want := e[key]
	if part, ok := strings.CutPrefix(want, "~"); ok {
		return strings.Contains(text, part)
	}
	return text == want || want == "" && text != ""
}

func (e expectations) describe(key string) string {
	switch part, partial := strings.CutPrefix(e[key], "~"); {
	case partial:
		return fmt.Sprintf("an error with %q", part)
	case part == "":
		return "an error"
	default:
		return fmt.Sprintf("%q", part)
	}
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("pgwatch: ")
	o := options{expect: defaultExpectations()}
	var version, scenario, sentFile string
	flag.StringVar(&o.addr, "addr", "127.0.0.1:5000", "host:port of the receiver")
	flag.StringVar(&version, "shape", "v3.7", "version to behave like: "+pgwatch.Shapes)
	flag.StringVar(&o.transport, "transport", "http", "http: CONNECT first; raw: gob straight away")
	o.tls.Register()
	flag.IntVar(&o.connections, "connections", 1, "connections at the same time")
	flag.IntVar(&o.calls, "calls", 10, "UpdateMeasurements calls a connection (rounds in the scenario orphan)")
	flag.IntVar(&o.rows, "rows", 10, "rows a call")
	flag.StringVar(&scenario, "scenario", "normal", "one of "+strings.Join(scenarioNames(), " "))
	flag.IntVar(&o.inflight, "inflight", 32, "scenario parallel: calls in flight on a connection")
	flag.IntVar(&o.size, "size", 32<<20, "scenario oversize: bytes of the big envelope, at least")
	flag.DurationVar(&o.duration, "duration", 10*time.Second, "scenario soak: how long")
	flag.Float64Var(&o.rate, "rate", 0, "scenario soak: calls a second on each connection (0: as fast as it goes)")
	flag.DurationVar(&o.timeout, "timeout", 30*time.Second, "how long to wait for an answer")
	flag.Int64Var(&o.firstSeq, "first-seq", 1, "number of the first row")
	flag.StringVar(&sentFile, "sent", "", "write what was sent to this file, as JSON lines")
	flag.Var(o.expect, "expect", "KEY=TEXT: the error text to expect (~TEXT: a part of it; nothing: any); may be repeated; keys: "+o.expect.keys())
	flag.Parse()

	sent := io.Discard
	if sentFile != "" {
		f, err := os.Create(sentFile)
		if err != nil {
			log.Fatal(err)
		}
		defer f.Close()
		sent = f
	}
	var err error
	if o.shape, err = pgwatch.ShapeOf(version); err != nil {
		log.Fatal(err)
	}
	summary, err := run(o, scenario, sent)
	if err != nil {
		log.Fatal(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(summary); err != nil {
		log.Fatal(err)
	}
	if len(summary.Failures) > 0 {
		for _, f := range summary.Failures {
			log.Print(f)
		}
		os.Exit(1)
	}
}

func (e expectations) keys() string {
	var keys []string
	for k := range e {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return strings.Join(keys, " ")
}

func scenarioNames() []string {
	var names []string
	for name := range scenarios {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// run plays a scenario on every connection and waits for all.
func run(o options, scenario string, sent io.Writer) (*summary, error) {
	play := scenarios[scenario]
	if play == nil {
		return nil, fmt.Errorf("scenario: %q (expected: one of %s)", scenario, strings.Join(scenarioNames(), " "))
	}
	if o.connections < 1 || o.calls < 0 || o.rows < 0 || o.inflight < 1 {
		return nil, errors.New("connections and calls in flight must be at least 1, calls and rows at least 0")
	}
	for key := range o.expect {
		if _, known := defaultExpectations()[key]; !known {
			return nil, fmt.Errorf("expectation: %q (expected: one of %s)", key, defaultExpectations().keys())
		}
	}
	r := newReport(scenario, o, sent)
	done := make(chan struct{})
	for i := 0; i < o.connections; i++ {
		go func(conn int) {
			defer func() { done <- struct{}{} }()
			client, err := dial(o)
			if err != nil {
				r.fail("connection %d: %v", conn, err)
				return
			}
			defer client.Close()
			s := &session{options: o, report: r, conn: conn, client: client}
			defer func() {
				// Whatever ends a session early has been reported already.
				if e := recover(); e != nil && e != errOver {
					panic(e)
				}
			}()
			play(s)
		}(i)
	}
	for i := 0; i < o.connections; i++ {
		<-done
	}
	return r.finish(), nil
}
