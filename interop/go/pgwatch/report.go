package main

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"sync"
	"time"

	"pgwatchrpc/interop/internal/pgwatch"
	"pgwatchrpc/interop/internal/tagged"
)

// summary is the line that the program prints.
type summary struct {
	Scenario    string         `json:"scenario"`
	Shape       string         `json:"shape"`
	Connections int            `json:"connections"`
	CallsOK     int            `json:"calls_ok"`
	CallsFailed int            `json:"calls_failed"`
	Orphans     int            `json:"orphans"`
	Errors      map[string]int `json:"errors"`
	RowsSent    int            `json:"rows_sent"`
	RowsOK      int            `json:"rows_ok"`
	FirstSeq    int64          `json:"first_seq"`
	NextSeq     int64          `json:"next_seq"`
	Seconds     float64        `json:"seconds"`
	Failures    []string       `json:"failures"`
}

// report gathers what happened on all connections.
type report struct {
	started time.Time

	mu      sync.Mutex
	summary summary
	sent    *bufio.Writer // nil: nobody wants to know
}

// maxFailures bounds the list of failures; their number is in Errors anyway.
const maxFailures = 20

func newReport(scenario string, o options, sent io.Writer) *report {
	r := &report{started: time.Now(), summary: summary{
		Scenario: scenario, Shape: o.shape.Name, Connections: o.connections,
		Errors: map[string]int{}, FirstSeq: o.firstSeq, NextSeq: o.firstSeq, Failures: []string{},
	}}
	if sent != io.Discard {
		r.sent = bufio.NewWriter(sent)
	}
	return r
}

// take hands out row numbers.
func (r *report) take(n int) int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	first := r.summary.NextSeq
	r.summary.NextSeq += int64(n)
	return first
}

func (r *report) fail(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.summary.Failures) < maxFailures {
		r.summary.Failures = append(r.summary.Failures, fmt.Sprintf(format, args...))
	}
}

// line is one line of the file of what was sent.
type line struct {
	Conn   int    `json:"conn"`
	Seq    uint64 `json:"seq"`
	Method string `json:"method"`
	Args   any    `json:"args,omitempty"`
	Orphan bool   `json:"orphan,omitempty"`
	OK     bool   `json:"ok"`
	Error  string `json:"error,omitempty"`
}

func (r *report) answered(conn int, p pending, err error) {
	l := line{Conn: conn, Seq: p.seq, Method: p.call.ServiceMethod, OK: err == nil}
	if err != nil {
		l.Error = err.Error()
	}
	if r.sent != nil && p.args != nil {
		l.Args = pgwatch.Typed(p.args)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.summary.RowsSent += p.rows
	if err == nil {
		r.summary.CallsOK++
		r.summary.RowsOK += p.rows
	} else {
		r.summary.CallsFailed++
		r.summary.Errors[l.Error]++
	}
	r.write(l)
}

func (r *report) orphaned(conn int, p pending, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.summary.Orphans++
	r.summary.Errors[err.Error()]++
	r.write(line{Conn: conn, Seq: p.seq, Method: p.call.ServiceMethod, Orphan: true, Error: err.Error()})
}

// write keeps each line whole, also when the program is killed.
func (r *report) write(l line) {
	if r.sent == nil {
		return
	}
	_, err := r.sent.Write(append(tagged.Marshal(l), '\n'))
	if err == nil {
		err = r.sent.Flush()
	}
	if err != nil {
		panic(err)
	}
}

func (r *report) finish() *summary {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.summary.Seconds = math.Round(time.Since(r.started).Seconds()*1000) / 1000
	s := r.summary
	return &s
}
