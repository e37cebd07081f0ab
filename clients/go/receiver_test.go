package pgwatchrpc

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// TestAgainstTheReceiver runs where PGWATCH_RPC_TEST_URIS names receivers that want a key, one URI a line, with the letters
// KEY where PGWATCH_RPC_TEST_KEY belongs; each gets rows named after its place in the list, and must refuse the same call with another key.
func TestAgainstTheReceiver(t *testing.T) {
	uris := strings.Fields(os.Getenv("PGWATCH_RPC_TEST_URIS"))
	if len(uris) == 0 {
		t.Skip("PGWATCH_RPC_TEST_URIS is not set")
	}
	key := os.Getenv("PGWATCH_RPC_TEST_KEY")
	for i, uri := range uris {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			if key == "" || !strings.Contains(uri, "KEY") {
				t.Fatal("no key, or no place for it in the URI (expected: PGWATCH_RPC_TEST_KEY, and the letters KEY in each URI)")
			}
			sink := open(t, strings.ReplaceAll(uri, "KEY", key))
			for call := 0; call < 10; call++ {
				e := &Envelope{DBName: fmt.Sprintf("go-client-%d", i), MetricName: "m", Data: []map[string]any{
					{"epoch_ns": int64(1_700_000_000_000_000_000 + call), "call": int64(call), "half": 0.5, "at": time.Unix(0, 0).UTC()}}}
				if err := sink.Write(context.Background(), e); err != nil {
					t.Fatal(err)
				}
			}
			if err := sink.SyncMetric(context.Background(), "db", "m", Add); err != nil {
				t.Error(err)
			}
			wrong := []byte(key)
			// another letter: whatever else a key may hold has a meaning in a URI
			if wrong[len(wrong)/2] = 'A'; key[len(wrong)/2] == 'A' {
				wrong[len(wrong)/2] = 'B'
			}
			refused := open(t, strings.ReplaceAll(uri, "KEY", string(wrong)))
			e := &Envelope{DBName: "never", MetricName: "m", Data: []map[string]any{{"call": 1}}}
			if err := refused.Write(context.Background(), e); err == nil {
				t.Error("a wrong key was let in")
			} else if strings.Contains(err.Error(), string(wrong)) {
				t.Error("the key is in the error")
			}
			if err := refused.SyncMetric(context.Background(), "never", "m", Add); err == nil {
				t.Error("SyncMetric: a wrong key was let in")
			}
		})
	}
}
