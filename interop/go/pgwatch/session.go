package main

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/rpc"
	"strings"
	"time"

	"pgwatchrpc/interop/internal/pgwatch"
)

// dial connects as pgwatch does: CONNECT over plain TCP, or gob straight after
// the TLS handshake. The other two combinations are there for trying.
func dial(o options) (*rpc.Client, error) {
	if o.transport != "http" && o.transport != "raw" {
		return nil, fmt.Errorf("transport: %q (expected: http or raw)", o.transport)
	}
	config, err := o.tls.Config()
	if err != nil {
		return nil, err
	}
	if config == nil {
		if o.transport == "http" {
			return rpc.DialHTTP("tcp", o.addr)
		}
		return rpc.Dial("tcp", o.addr)
	}
	conn, err := tls.Dial("tcp", o.addr, config)
	if err != nil {
		return nil, err
	}
	if o.transport == "http" {
		if err := connect(conn); err != nil {
			conn.Close()
			return nil, err
		}
	}
	return rpc.NewClient(conn), nil
}

// connect is what rpc.DialHTTP does on a connection of its own.
func connect(conn net.Conn) error {
	if _, err := io.WriteString(conn, "CONNECT "+rpc.DefaultRPCPath+" HTTP/1.0\n\n"); err != nil {
		return err
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: http.MethodConnect})
	if err != nil {
		return err
	}
	if answer.Status != "200 Connected to Go RPC" {
		return errors.New("unexpected answer to CONNECT: " + answer.Status)
	}
	return nil
}

// session is one connection. Its methods panic with errOver once the
// connection is lost: a pgwatch would never come back either.
type session struct {
	options
	report *report
	conn   int
	client *rpc.Client
	seq    uint64 // of the next request, as net/rpc counts
}

var errOver = errors.New("session is over")

// pending is a call on its way.
type pending struct {
	call *rpc.Call
	seq  uint64
	rows int
	args any // to be written down
}

// start returns once the request is written, or cannot be: a server that no
// longer reads must not hold us for ever.
func (s *session) start(method string, args any, rows int) pending {
	p := pending{seq: s.seq, rows: rows, args: args}
	s.seq++
	stuck := time.AfterFunc(s.timeout, func() { s.client.Close() })
	defer stuck.Stop()
	p.call = s.client.Go(method, args, new(string), make(chan *rpc.Call, 1))
	return p
}

// unwritten keeps an argument out of the file of what was sent.
func (p pending) unwritten() pending {
	p.args = nil
	return p
}

// wait returns the server's error, if it answered with one.
func (s *session) wait(p pending) error {
	timer := time.NewTimer(s.timeout)
	defer timer.Stop()
	var err error
	select {
	case <-p.call.Done:
		err = p.call.Error
	case <-timer.C:
		err = fmt.Errorf("no answer within %s", s.timeout)
	}
	s.report.answered(s.conn, p, err)
	var refused rpc.ServerError
	if err == nil || errors.As(err, &refused) {
		return err
	}
	s.over("connection %d, call %d (%s): %v", s.conn, p.seq, p.call.ServiceMethod, err)
	return nil
}

func (s *session) over(format string, args ...any) {
	s.report.fail(format, args...)
	panic(errOver)
}

// good makes a call that must succeed.
func (s *session) good(method string, args any, rows int) {
	s.mustSucceed(s.start(method, args, rows))
}

func (s *session) mustSucceed(p pending) {
	if err := s.wait(p); err != nil {
		s.report.fail("connection %d, call %d (%s): %v", s.conn, p.seq, p.call.ServiceMethod, err)
	}
}

// refused waits for a call that the server must answer with an error.
func (s *session) refused(key string, p pending) {
	switch err := s.wait(p); {
	case err == nil:
		s.report.fail("connection %d, call %d (%s): accepted (expected: %s)", s.conn, p.seq, key, s.expect.describe(key))
	case !s.expect.met(key, err.Error()):
		s.report.fail("connection %d, call %d (%s): %q (expected: %s)", s.conn, p.seq, key, err, s.expect.describe(key))
	}
}

// orphan makes a call whose argument gob cannot encode. net/rpc has then put
// the header into its buffer, where it waits for the next call.
func (s *session) orphan(args any) {
	p := s.start(pgwatch.UpdateMeasurements, args, 0)
	<-p.call.Done
	err := p.call.Error
	if err == nil || !strings.HasPrefix(err.Error(), "gob: type not registered for interface: ") {
		s.over("connection %d, call %d: %v (expected: an argument that gob cannot encode)", s.conn, p.seq, err)
	}
	s.report.orphaned(s.conn, p, err)
}
