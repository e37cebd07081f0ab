package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"encoding/gob"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"net/rpc"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pgwatchrpc/interop/internal/pgwatch"
	"pgwatchrpc/interop/internal/pgwatch/v36"
	"pgwatchrpc/interop/internal/server"
	"pgwatchrpc/interop/internal/tagged"
)

func testOptions(t *testing.T, version string) options {
	t.Helper()
	shape, err := pgwatch.ShapeOf(version)
	if err != nil {
		t.Fatal(err)
	}
	return options{
		transport: "http", shape: shape, connections: 2, calls: 5, rows: 7, inflight: 3, size: 1 << 20, firstSeq: 1,
		duration: 50 * time.Millisecond, timeout: time.Minute, expect: defaultExpectations(),
	}
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// start runs a plain Go receiver and returns what it writes down.
func start(t *testing.T, o *options) *bytes.Buffer {
	t.Helper()
	var log bytes.Buffer // only read after all calls are answered
	s, err := server.New(o.shape, &log)
	if err != nil {
		t.Fatal(err)
	}
	l := listen(t)
	o.addr = l.Addr().String()
	if o.transport == "http" {
		go server.ServeHTTP(s, l)
	} else {
		go server.ServeRaw(s, l)
	}
	return &log
}

func play(t *testing.T, o options, scenario string, sent io.Writer) *summary {
	t.Helper()
	summary, err := run(o, scenario, sent)
	if err != nil {
		t.Fatal(err)
	}
	return summary
}

// callsOf sorts the calls of a file: connections are not in step.
func callsOf(t *testing.T, lines string) []string {
	t.Helper()
	var calls []string
	for in := bufio.NewReader(strings.NewReader(lines)); ; {
		text, err := in.ReadBytes('\n')
		if err == io.EOF {
			break
		}
		var l line
		if err := json.Unmarshal(text, &l); err != nil {
			t.Fatal(err)
		}
		calls = append(calls, string(tagged.Marshal(map[string]any{"method": l.Method, "args": l.Args})))
	}
	sort.Strings(calls)
	return calls
}

// What one side writes down as sent is what the other received, in every shape
// and with every type.
func TestNormal(t *testing.T) {
	for _, version := range strings.Fields(pgwatch.Shapes) {
		for _, transport := range []string{"http", "raw"} {
			t.Run(version+"-"+transport, func(t *testing.T) {
				o := testOptions(t, version)
				o.transport = transport
				received := start(t, &o)
				var sent bytes.Buffer
				got := play(t, o, "normal", &sent)
				if len(got.Failures) > 0 || got.CallsFailed > 0 {
					t.Fatalf("%+v", got)
				}
				if want := 2 * (1 + 5*7); got.RowsOK != want || got.RowsSent != want || got.NextSeq != int64(1+want) {
					t.Errorf("rows: %+v (expected: %d)", got, want)
				}
				a, b := callsOf(t, sent.String()), callsOf(t, received.String())
				if len(a) != got.CallsOK {
					t.Errorf("lines: %d (expected: %d)", len(a), got.CallsOK)
				}
				if strings.Join(a, "\n") != strings.Join(b, "\n") {
					t.Errorf("sent:\n%s\nreceived:\n%s", strings.Join(a, "\n"), strings.Join(b, "\n"))
				}
			})
		}
	}
}

func TestOtherScenariosAgainstGo(t *testing.T) {
	for _, scenario := range []string{"errors", "parallel", "soak"} {
		for _, version := range []string{"v3.0", "v3.5", "v3.7"} {
			o := testOptions(t, version)
			o.calls = 20
			start(t, &o)
			if got := play(t, o, scenario, io.Discard); len(got.Failures) > 0 {
				t.Errorf("%s %s: %v", scenario, version, got.Failures)
			}
		}
	}
}

func TestExpectationsAreHeld(t *testing.T) {
	o := testOptions(t, "v3.7")
	o.connections = 1
	o.expect["no-database"] = "no database"
	o.expect["no-metric"] = "~metric"
	start(t, &o)
	got := play(t, o, "errors", io.Discard)
	if len(got.Failures) != 1 || !strings.HasSuffix(got.Failures[0], `"empty database name" (expected: "no database")`) {
		t.Errorf("%q", got.Failures)
	}
}

// A plain Go server accepts a big envelope and dies of a header without body:
// these scenarios can fail.
func TestPlainGoFails(t *testing.T) {
	for scenario, want := range map[string]string{"oversize": "accepted (expected: an error)", "orphan": "unexpected EOF"} {
		o := testOptions(t, "v3.7")
		start(t, &o)
		if got := play(t, o, scenario, io.Discard); len(got.Failures) == 0 || !strings.Contains(got.Failures[0], want) {
			t.Errorf("%s: %q", scenario, got.Failures)
		}
	}
}

func TestLostConnection(t *testing.T) {
	o := testOptions(t, "v3.7")
	o.transport = "raw"
	l := listen(t)
	o.addr = l.Addr().String()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.Close()
		}
	}()
	if got := play(t, o, "soak", io.Discard); len(got.Failures) != o.connections || got.CallsOK > 0 {
		t.Errorf("%+v", got)
	}
}

func TestTLS(t *testing.T) {
	https := httptest.NewTLSServer(nil) // for its certificate
	defer https.Close()
	ca := filepath.Join(t.TempDir(), "ca.crt")
	block := &pem.Block{Type: "CERTIFICATE", Bytes: https.Certificate().Raw}
	if err := os.WriteFile(ca, pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, transport := range []string{"raw", "http"} {
		o := testOptions(t, "v3.7")
		s, err := server.New(o.shape, io.Discard)
		if err != nil {
			t.Fatal(err)
		}
		plain := listen(t)
		l := tls.NewListener(plain, &tls.Config{Certificates: https.TLS.Certificates})
		o.addr, o.tls.CA, o.transport = plain.Addr().String(), ca, transport
		if transport == "raw" {
			go server.ServeRaw(s, l)
		} else {
			go server.ServeHTTP(s, l)
		}
		if got := play(t, o, "normal", io.Discard); len(got.Failures) > 0 {
			t.Errorf("%s: %v", transport, got.Failures)
		}
	}
}

// A server that drops headers without body, and refuses big envelopes, keeps
// every connection alive. The program itself is run here: this process has
// registered types with gob that a pgwatch has not.
func TestPatientServer(t *testing.T) {
	program := filepath.Join(t.TempDir(), "pgwatch")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	shape, err := pgwatch.ShapeOf("v3.7")
	if err != nil {
		t.Fatal(err)
	}
	s, err := server.New(shape, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	var dropped atomic.Int64
	l := listen(t)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go s.ServeCodec(&patientCodec{ReadWriteCloser: c, dec: gob.NewDecoder(c), enc: gob.NewEncoder(c), dropped: &dropped})
		}
	}()
	for scenario, succeeds := range map[string]bool{"orphan": true, "oversize": true, "errors": false} {
		before := dropped.Load()
		out, err := exec.Command(program, "-addr", l.Addr().String(), "-transport", "raw", "-connections", "2", "-calls", "6",
			"-scenario", scenario, "-expect", "oversize=~expected: fewer").Output()
		if (err == nil) != succeeds {
			t.Errorf("%s: %v", scenario, err)
		}
		var got summary
		if err := json.Unmarshal(out, &got); err != nil {
			t.Fatal(err)
		}
		if (len(got.Failures) == 0) != succeeds {
			t.Errorf("%s: %q", scenario, got.Failures)
		}
		if n := int(dropped.Load() - before); n != got.Orphans {
			t.Errorf("%s: dropped: %d (expected: %d)", scenario, n, got.Orphans)
		}
	}
}

// patientCodec decodes everything into one struct with the fields of all that
// can come, so that it sees a header where a body should be.
type patientCodec struct {
	io.ReadWriteCloser
	dec     *gob.Decoder
	enc     *gob.Encoder
	next    anything // already read
	body    anything
	dropped *atomic.Int64
}

type anything struct {
	ServiceMethod              string
	Seq                        uint64
	DBName, DbName, MetricName string
	CustomTags                 map[string]string
	Data                       v36.Measurements
	Operation                  int
}

func (c *patientCodec) ReadRequestHeader(r *rpc.Request) error {
	header := c.next
	c.next = anything{}
	if header.ServiceMethod == "" {
		if err := c.dec.Decode(&header); err != nil {
			return err
		}
	}
	for {
		c.body = anything{}
		if err := c.dec.Decode(&c.body); err != nil {
			return err
		}
		if c.body.ServiceMethod == "" {
			break
		}
		header = c.body
		c.dropped.Add(1)
	}
	r.ServiceMethod, r.Seq = header.ServiceMethod, header.Seq
	return nil
}

func (c *patientCodec) ReadRequestBody(body any) error {
	switch b := body.(type) {
	case *v36.MeasurementEnvelope:
		if c.body.MetricName == "big" {
			return fmt.Errorf("rows: %d (expected: fewer)", len(c.body.Data))
		}
		*b = v36.MeasurementEnvelope{DBName: c.body.DBName, MetricName: c.body.MetricName, CustomTags: c.body.CustomTags, Data: c.body.Data}
	case *v36.SyncReq:
		*b = v36.SyncReq{DbName: c.body.DbName, MetricName: c.body.MetricName, Operation: c.body.Operation}
	}
	return nil
}

func (c *patientCodec) WriteResponse(r *rpc.Response, body any) error {
	if err := c.enc.Encode(r); err != nil {
		return err
	}
	return c.enc.Encode(body)
}
