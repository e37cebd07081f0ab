// Package server is a plain Go net/rpc server, for clients in other languages
// to be tried against, and a yardstick for what Go answers.
package server

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/rpc"
	"sync"
	"time"

	"pgwatchrpc/interop/internal/kinds"
	"pgwatchrpc/interop/internal/pgwatch"
	"pgwatchrpc/interop/internal/pgwatch/v30"
	"pgwatchrpc/interop/internal/pgwatch/v35"
	"pgwatchrpc/interop/internal/pgwatch/v36"
	"pgwatchrpc/interop/internal/tagged"
)

// New makes a server with the services Arith, Echo and Receiver, the last in
// the shape of a version of pgwatch. Each call of Receiver is written to log as
// one JSON line.
func New(shape pgwatch.Shape, log io.Writer) (*rpc.Server, error) {
	out := &lines{w: log}
	var receiver any
	switch shape.NewSync().(type) {
	case *v30.SyncReq:
		receiver = &Receiver[v30.MeasurementEnvelope, v30.SyncReq]{out}
	case *v35.SyncReq:
		receiver = &Receiver[v35.MeasurementEnvelope, v35.SyncReq]{out}
	default:
		receiver = &Receiver[v36.MeasurementEnvelope, v36.SyncReq]{out}
	}
	s := rpc.NewServer()
	return s, errors.Join(
		s.RegisterName("Arith", Arith{}),
		s.RegisterName("Echo", Echo{}),
		s.RegisterName("Receiver", receiver))
}

// ServeHTTP answers CONNECT on a listener until it is closed.
func ServeHTTP(s *rpc.Server, l net.Listener) error {
	mux := http.NewServeMux()
	mux.Handle(rpc.DefaultRPCPath, s)
	return http.Serve(l, mux)
}

// ServeRaw speaks gob straight away on a listener until it is closed.
func ServeRaw(s *rpc.Server, l net.Listener) error {
	for {
		c, err := l.Accept()
		if err != nil {
			return err
		}
		go s.ServeConn(c)
	}
}

type Arith struct{}

func (Arith) Multiply(args *kinds.Args, reply *int) error {
	*reply = args.A * args.B
	return nil
}

func (Arith) Divide(args *kinds.Args, reply *kinds.Quotient) error {
	if args.B == 0 {
		return errors.New("divide by zero")
	}
	*reply = kinds.Quotient{Quo: args.A / args.B, Rem: args.A % args.B}
	return nil
}

// Echo answers with what it was given.
type Echo struct{}

func (Echo) Any(in *kinds.Holder, out *kinds.Holder) error            { *out = *in; return nil }
func (Echo) Sink(in *kinds.KitchenSink, out *kinds.KitchenSink) error { *out = *in; return nil }
func (Echo) String(in string, out *string) error                      { *out = in; return nil }
func (Echo) Bytes(in []byte, out *[]byte) error                       { *out = in; return nil }
func (Echo) Map(in map[string]int, out *map[string]int) error         { *out = in; return nil }
func (Echo) Time(in time.Time, out *time.Time) error                  { *out = in; return nil }

// Slow answers after so many milliseconds.
func (Echo) Slow(ms int, out *int) error {
	time.Sleep(time.Duration(ms) * time.Millisecond)
	*out = ms
	return nil
}

// Fail answers with an error of this text.
func (Echo) Fail(text string, _ *string) error { return errors.New(text) }

// Receiver takes pgwatch's measurements, as pgwatch's own receiver does: an
// envelope with rows must name database and metric.
type Receiver[E, S any] struct{ out *lines }

func (r *Receiver[E, S]) UpdateMeasurements(args *E, reply *string) error {
	call := pgwatch.Typed(args).(map[string]any)
	if rows, _ := call["Data"].([]any); len(rows) > 0 {
		switch "" {
		case call["DBName"]:
			return errors.New("empty database name")
		case call["MetricName"]:
			return errors.New("empty metric name")
		}
	}
	return r.out.add(pgwatch.UpdateMeasurements, call)
}

func (r *Receiver[E, S]) SyncMetric(args *S, reply *string) error {
	return r.out.add(pgwatch.SyncMetric, pgwatch.Typed(args))
}

type lines struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *lines) add(method string, args any) error {
	line := append(tagged.Marshal(map[string]any{"method": method, "args": args}), '\n')
	l.mu.Lock()
	defer l.mu.Unlock()
	_, err := l.w.Write(line)
	return err
}
