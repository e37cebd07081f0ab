// Package pgwatch speaks as the released versions of pgwatch 3 do: the shapes
// of their arguments, rows with every type that can occur, and the JSON form
// in which calls are written down.
//
// As in pgwatch, no type is registered with gob here, and a program that is to
// behave like pgwatch must not import a package that does.
package pgwatch

import (
	"fmt"

	"pgwatchrpc/interop/internal/pgwatch/v30"
	"pgwatchrpc/interop/internal/pgwatch/v35"
	"pgwatchrpc/interop/internal/pgwatch/v36"
)

// Methods of the receiver.
const (
	UpdateMeasurements = "Receiver.UpdateMeasurements"
	SyncMetric         = "Receiver.SyncMetric"
)

// Batch is an envelope before it takes the shape of a version.
type Batch struct {
	DB, Metric string
	Tags       map[string]string
	Rows       []map[string]any
}

// Shape is what tells the versions apart.
type Shape struct {
	Name string
	// EmptyFirst: the first thing sent are envelopes with nothing in them.
	EmptyFirst bool
	// Untimed: some rows have no epoch_ns.
	Untimed bool
	// UntaggedConfig: configured_dbs does not carry the custom tags.
	UntaggedConfig bool

	Envelope func(Batch) any
	// Sync makes the argument of SyncMetric: add, or remove.
	Sync func(db, metric string, add bool) any
	// NewEnvelope and NewSync make empty arguments to decode into.
	NewEnvelope, NewSync func() any
}

// Shapes are the names that ShapeOf knows.
const Shapes = "v3.0 v3.1 v3.2 v3.3 v3.4 v3.5 v3.6 v3.7"

// ShapeOf finds the shape of a version like "v3.4".
func ShapeOf(version string) (Shape, error) {
	s := Shape{Name: version}
	switch version {
	case "v3.0", "v3.1", "v3.2", "v3.3", "v3.4":
		s.EmptyFirst = true
		s.Untimed = version == "v3.0"
		s.UntaggedConfig = version == "v3.0"
		s.Envelope, s.NewEnvelope = oldEnvelope, func() any { return new(v30.MeasurementEnvelope) }
		s.Sync, s.NewSync = textSync, func() any { return new(v30.SyncReq) }
	case "v3.5":
		s.Envelope, s.NewEnvelope = oldEnvelope, func() any { return new(v35.MeasurementEnvelope) }
		s.Sync = func(db, metric string, add bool) any {
			return &v35.SyncReq{DbName: db, MetricName: metric, Operation: operation(add)}
		}
		s.NewSync = func() any { return new(v35.SyncReq) }
	case "v3.6", "v3.7":
		s.Envelope = func(b Batch) any {
			return &v36.MeasurementEnvelope{DBName: b.DB, MetricName: b.Metric, CustomTags: b.Tags, Data: b.Rows}
		}
		s.NewEnvelope = func() any { return new(v36.MeasurementEnvelope) }
		s.Sync = func(db, metric string, add bool) any {
			return &v36.SyncReq{DbName: db, MetricName: metric, Operation: operation(add)}
		}
		s.NewSync = func() any { return new(v36.SyncReq) }
	default:
		return s, fmt.Errorf("shape: %q (expected: one of %s)", version, Shapes)
	}
	return s, nil
}

func operation(add bool) int {
	if add {
		return 0
	}
	return 1
}

func textSync(db, metric string, add bool) any {
	operation := "remove"
	if add {
		operation = "add"
	}
	return &v30.SyncReq{DbName: db, MetricName: metric, Operation: operation}
}

func oldEnvelope(b Batch) any {
	e := &v30.MeasurementEnvelope{DBName: b.DB, MetricName: b.Metric, CustomTags: b.Tags, Data: b.Rows}
	if b.DB != "" && b.Metric != "" && len(b.Rows) > 0 {
		e.MetricDef = v30.Metric{SQLs: v30.SQLs{11: "select 1 as v"}, InitSQL: "create extension x", Gauges: []string{"*"}}
		e.RealDbname, e.SystemIdentifier = b.DB, "7711034691957678846"
	}
	return e
}
