// Package v36 has the argument types of pgwatch v3.6 and v3.7.
package v36

type Measurements []map[string]any

type MeasurementEnvelope struct {
	DBName     string
	MetricName string
	CustomTags map[string]string
	Data       Measurements
}

// SyncReq's operation is 0 (add), 1 (delete) or 2 (invalid).
type SyncReq struct {
	DbName     string
	MetricName string
	Operation  int
}
