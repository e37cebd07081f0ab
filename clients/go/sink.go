package pgwatchrpc

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

// Envelope is what a pgwatch source has measured for one metric at one time.
type Envelope struct {
	DBName     string            // name of the source; not empty
	MetricName string            // not empty
	CustomTags map[string]string // tags of the source
	Data       []map[string]any  // rows; see Open's protocols for what becomes of a value's type
}

// Operation is what SyncMetric tells of a metric.
type Operation int

// The operations, with the numbers that they have on the wire of gRPC.
const (
	Add    Operation = 1 // the metric is gathered from now on
	Delete Operation = 2 // it is not gathered any more; with an empty metric name: none of the source
)

// Sink sends to one receiver over one connection. Its methods may be called by many goroutines at once; net/rpc and gRPC
// both let calls overtake each other, so whoever needs an order waits for each answer, as pgwatch does.
type Sink interface {
	// Write returns nil when the receiver has stored the rows.
	Write(ctx context.Context, envelope *Envelope) error
	// SyncMetric tells that a metric of a source is, or is not any more, gathered.
	SyncMetric(ctx context.Context, dbName, metricName string, operation Operation) error
	// Close ends the connection; calls in flight fail with ErrClosed.
	Close() error
}

var (
	// ErrClosed is what calls of a closed sink return.
	ErrClosed = errors.New("pgwatchrpc: sink is closed")
	// ErrGaveUp is wrapped by the error of a call that was tried until its time was over; the last failure is wrapped too.
	ErrGaveUp = errors.New("pgwatchrpc: gave up")
)

// Defaults of the options.
const (
	DefaultCallTimeout = 10 * time.Second // longer than the receiver's own --ack-timeout of 5 s
	DefaultRetryFor    = 30 * time.Second // a restart of the receiver
	DefaultBackOff     = 100 * time.Millisecond
	DefaultMaxBackOff  = 5 * time.Second
)

type settings struct {
	callTimeout, retryFor, backOff, maxBackOff time.Duration
	logMessage                                 func(string)
}

// Option changes how a sink behaves.
type Option func(*settings)

// CallTimeout bounds a single attempt, connecting included.
func CallTimeout(d time.Duration) Option { return func(s *settings) { s.callTimeout = d } }

// RetryFor bounds all attempts of a call together, unless its context ends before; 0 means one attempt.
func RetryFor(d time.Duration) Option { return func(s *settings) { s.retryFor = d } }

// BackOff sets the longest pause before the second attempt, and the longest before any; pauses double and are random
// between zero and that, so that many clients do not come back all at once.
func BackOff(first, longest time.Duration) Option {
	return func(s *settings) { s.backOff, s.maxBackOff = first, longest }
}

// OnMessage takes what a receiver says with a success, which pgwatch prints in its log.
func OnMessage(log func(string)) Option { return func(s *settings) { s.logMessage = log } }

// Open makes a sink of a URI; the package's comment tells the forms. It does not connect yet: the first call does.
func Open(uri string, options ...Option) (Sink, error) {
	target, err := parse(uri)
	if err != nil {
		return nil, err
	}
	s := settings{
		callTimeout: DefaultCallTimeout,
		retryFor:    DefaultRetryFor,
		backOff:     DefaultBackOff,
		maxBackOff:  DefaultMaxBackOff,
		logMessage:  func(string) {},
	}
	for _, option := range options {
		option(&s)
	}
	if s.callTimeout <= 0 {
		return nil, fmt.Errorf("pgwatchrpc: call time-out: %v (expected: > 0)", s.callTimeout)
	}
	var transport transport
	if target.grpc {
		transport, err = newGRPC(target)
		if err != nil {
			return nil, err
		}
	} else {
		transport = newNetRPC(target)
	}
	return &sink{settings: s, transport: transport, closed: make(chan struct{})}, nil
}

// transport makes one attempt.
type transport interface {
	write(ctx context.Context, envelope *Envelope) (message string, err error)
	sync(ctx context.Context, dbName, metricName string, operation Operation) (message string, err error)
	close() error
}

// lasting marks an error that another attempt would not change.
type lasting struct{ error }

func (l lasting) Unwrap() error { return l.error }

type sink struct {
	settings
	transport transport
	closing   sync.Once
	closed    chan struct{}
	closeErr  error
}

func (s *sink) Write(ctx context.Context, envelope *Envelope) error {
	return s.call(ctx, func(ctx context.Context) (string, error) { return s.transport.write(ctx, envelope) })
}

func (s *sink) SyncMetric(ctx context.Context, dbName, metricName string, operation Operation) error {
	if operation != Add && operation != Delete {
		return fmt.Errorf("pgwatchrpc: operation: %d (expected: Add or Delete)", operation)
	}
	return s.call(ctx, func(ctx context.Context) (string, error) {
		return s.transport.sync(ctx, dbName, metricName, operation)
	})
}

func (s *sink) Close() error {
	s.closing.Do(func() {
		close(s.closed)
		s.closeErr = s.transport.close()
	})
	return s.closeErr
}

func (s *sink) isClosed() bool {
	select {
	case <-s.closed:
		return true
	default:
		return false
	}
}

func (s *sink) call(ctx context.Context, attempt func(context.Context) (string, error)) error {
	end := time.Now().Add(s.retryFor)
	pause := s.backOff
	for attempts := 1; ; attempts++ {
		if s.isClosed() {
			return ErrClosed
		}
		once, cancel := context.WithTimeout(ctx, s.callTimeout)
		message, err := attempt(once)
		cancel()
		if err == nil {
			if message != "" {
				s.logMessage(message)
			}
			return nil
		}
		if s.isClosed() {
			return ErrClosed
		}
		if ctx.Err() != nil {
			return fmt.Errorf("%w: %w (last attempt: %v)", ErrGaveUp, ctx.Err(), err)
		}
		var last lasting
		if errors.As(err, &last) {
			return last.error
		}
		wait := time.Duration(rand.Int64N(int64(pause) + 1))
		if time.Now().Add(wait).After(end) {
			return fmt.Errorf("%w after %d attempts: %w", ErrGaveUp, attempts, err)
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return fmt.Errorf("%w: %w (last attempt: %v)", ErrGaveUp, ctx.Err(), err)
		case <-s.closed:
			return ErrClosed
		}
		pause = min(2*pause, s.maxBackOff)
	}
}
