package main

import (
	"fmt"
	"strings"
	"time"

	"pgwatchrpc/interop/internal/pgwatch"
)

var scenarios = map[string]func(*session){
	"normal":   normal,
	"orphan":   orphan,
	"errors":   refusals,
	"parallel": parallel,
	"oversize": oversize,
	"soak":     soak,
}

func defaultExpectations() expectations {
	return expectations{
		"unknown-service": "rpc: can't find service Foo.Bar",
		"unknown-method":  "rpc: can't find method Receiver.Nope",
		"empty-method":    "rpc: can't find method Receiver.",
		"ill-formed":      "rpc: service/method request ill-formed: nodot",
		"no-name-at-all":  "rpc: service/method request ill-formed: ",
		"no-database":     "empty database name",
		"no-metric":       "empty metric name",
		"neither":         "empty database name",
		"update-int":      "",
		"update-string":   "",
		"update-slice":    "",
		"update-stranger": "",
		"update-field":    "",
		"sync-field":      "",
		"sync-int":        "",
		"oversize":        "",
	}
}

func (s *session) db() string { return fmt.Sprintf("db_%d", s.conn) }

// batch makes an envelope of fresh rows.
func (s *session) batch(metric string, rows int) pgwatch.Batch {
	b := pgwatch.Batch{DB: s.db(), Metric: metric, Tags: pgwatch.Tags()}
	first, now := s.report.take(rows), time.Now().UnixNano()
	for i := 0; i < rows; i++ {
		row := pgwatch.Row(first+int64(i), now)
		if s.shape.Untimed && i%5 == 4 {
			delete(row, "epoch_ns")
		}
		b.Rows = append(b.Rows, row)
	}
	return b
}

var metrics = []string{"all_types", "db_stats", "wal"}

func (s *session) update(i int) {
	s.good(pgwatch.UpdateMeasurements, s.shape.Envelope(s.batch(metrics[i%len(metrics)], s.rows)), s.rows)
}

func (s *session) sync(metric string, add bool) {
	s.good(pgwatch.SyncMetric, s.shape.Sync(s.db(), metric, add), 0)
}

// begin is what a pgwatch says first, end what it says when a source goes.
func (s *session) begin() {
	if s.shape.EmptyFirst {
		for i := 0; i < 3; i++ {
			s.good(pgwatch.UpdateMeasurements, s.shape.Envelope(pgwatch.Batch{}), 0)
		}
	}
	configured := pgwatch.Batch{DB: s.db(), Metric: "configured_dbs", Rows: []map[string]any{{
		"epoch_ns": time.Now().UnixNano(), "continuous_discovery_prefix": s.db(), "master_only": false, "tag_group": "default",
		pgwatch.SeqColumn: s.report.take(1),
	}}}
	if !s.shape.UntaggedConfig {
		configured.Tags = pgwatch.Tags()
	}
	s.good(pgwatch.UpdateMeasurements, s.shape.Envelope(configured), 1)
	for _, m := range metrics {
		s.sync(m, true)
	}
}

func (s *session) end() {
	for _, m := range metrics {
		s.sync(m, false)
	}
	s.sync("", false)
}

func normal(s *session) {
	s.begin()
	for i := 0; i < s.calls; i++ {
		s.update(i)
	}
	s.end()
}

// orphan begins with a header without body, the hardest place for it: all that
// follows it are type definitions and the next header.
func orphan(s *session) {
	lost := int64(0)
	lose := func() {
		b := pgwatch.Batch{DB: s.db(), Metric: "unencodable", Tags: pgwatch.Tags()}
		b.Rows = []map[string]any{pgwatch.Row(-1, 1), {"epoch_ns": int64(1), "v": pgwatch.Unencodable(lost)}}
		lost++
		s.orphan(s.shape.Envelope(b))
	}
	lose()
	s.begin()
	for i := 0; i < s.calls; i++ {
		lose()
		s.update(i)
		lose()
		lose()
		s.sync(metrics[i%len(metrics)], true)
		lose()
		s.update(i)
		s.update(i)
	}
	lose()
	s.end()
}

// refusals makes every call that a server must refuse, each followed by one
// that must succeed on the same connection.
func refusals(s *session) {
	rows := func(db, metric string) any {
		b := s.batch(metric, 1)
		b.DB = db
		return s.shape.Envelope(b)
	}
	s.begin()
	for i, c := range []struct {
		key, method string
		args        any
	}{
		{"unknown-service", "Foo.Bar", "x"},
		{"unknown-method", "Receiver.Nope", s.shape.Sync("db", "metric", true)},
		{"unknown-service", "Foo.Bar", rows("db", "metric")},
		{"empty-method", "Receiver.", "x"},
		{"ill-formed", "nodot", []string{"x"}},
		{"no-name-at-all", "", map[string]int{"x": 1}},
		{"no-database", pgwatch.UpdateMeasurements, rows("", "metric")},
		{"no-metric", pgwatch.UpdateMeasurements, rows("db", "")},
		{"neither", pgwatch.UpdateMeasurements, rows("", "")},
		{"update-int", pgwatch.UpdateMeasurements, 5},
		{"update-string", pgwatch.UpdateMeasurements, "text"},
		{"update-slice", pgwatch.UpdateMeasurements, []float64{1, 2}},
		{"update-stranger", pgwatch.UpdateMeasurements, struct{ Foo, Bar string }{"a", "b"}},
		{"update-field", pgwatch.UpdateMeasurements, struct {
			DBName     int
			MetricName string
		}{5, "metric"}},
		{"sync-field", pgwatch.SyncMetric, struct {
			DbName     []string
			MetricName string
		}{[]string{"db"}, "metric"}},
		{"sync-int", pgwatch.SyncMetric, 7},
	} {
		s.refused(c.key, s.start(c.method, c.args, 0))
		s.update(i)
	}
	// Without rows nothing is missing.
	s.good(pgwatch.UpdateMeasurements, s.shape.Envelope(pgwatch.Batch{}), 0)
	s.good(pgwatch.UpdateMeasurements, s.shape.Envelope(pgwatch.Batch{DB: s.db(), Metric: "empty"}), 0)
	s.end()
}

// parallel keeps many calls in flight on one connection; answers may come in
// any order.
func parallel(s *session) {
	s.begin()
	var flying []pending
	for i := 0; i < s.calls; i++ {
		if len(flying) == s.inflight {
			s.mustSucceed(flying[0])
			flying = flying[1:]
		}
		args := s.shape.Envelope(s.batch(metrics[i%len(metrics)], s.rows))
		flying = append(flying, s.start(pgwatch.UpdateMeasurements, args, s.rows))
	}
	for _, p := range flying {
		s.mustSucceed(p)
	}
	s.end()
}

// oversize sends an envelope beyond the server's limit, first thing on the
// connection and again between small ones.
func oversize(s *session) {
	const rowBytes = 64 << 10
	big := pgwatch.Batch{DB: s.db(), Metric: "big", Tags: pgwatch.Tags()}
	for n := 0; n < s.size; n += rowBytes {
		big.Rows = append(big.Rows, map[string]any{"epoch_ns": int64(1), "v": strings.Repeat("x", rowBytes)})
	}
	for i := 0; i < 2; i++ {
		s.refused("oversize", s.start(pgwatch.UpdateMeasurements, s.shape.Envelope(big), 0).unwritten())
		for j := 0; j < s.calls; j++ {
			s.update(j)
		}
	}
	s.end()
}

func soak(s *session) {
	s.begin()
	var tick <-chan time.Time
	if s.rate > 0 {
		t := time.NewTicker(time.Duration(float64(time.Second) / s.rate))
		defer t.Stop()
		tick = t.C
	}
	for i, until := 0, time.Now().Add(s.duration); time.Now().Before(until); i++ {
		s.update(i)
		if i%100 == 99 {
			s.sync(metrics[i/100%len(metrics)], true)
		}
		if tick != nil {
			<-tick
		}
	}
	s.end()
}
