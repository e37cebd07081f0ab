// Package v30 has the argument types of pgwatch v3.0 to v3.4.
package v30

type Measurements []map[string]any

type SQLs map[int]string

type Metric struct {
	SQLs            SQLs
	InitSQL         string
	NodeStatus      string
	Gauges          []string
	IsInstanceLevel bool
	StorageName     string
	Description     string
}

type MeasurementEnvelope struct {
	DBName           string
	SourceType       string
	MetricName       string
	CustomTags       map[string]string
	Data             Measurements
	MetricDef        Metric
	RealDbname       string
	SystemIdentifier string
}

// SyncReq's operation is "add" or "remove".
type SyncReq struct {
	DbName     string
	MetricName string
	Operation  string
}
