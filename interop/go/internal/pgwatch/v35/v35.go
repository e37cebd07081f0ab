// Package v35 has the argument types of pgwatch v3.5: the envelope is still
// that of v3.0, the operation is a number.
package v35

import "pgwatchrpc/interop/internal/pgwatch/v30"

type MeasurementEnvelope = v30.MeasurementEnvelope

// SyncReq's operation is 0 (add), 1 (delete) or 2 (invalid).
type SyncReq struct {
	DbName     string
	MetricName string
	Operation  int
}
