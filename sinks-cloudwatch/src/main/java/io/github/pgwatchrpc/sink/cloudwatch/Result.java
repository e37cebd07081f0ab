package io.github.pgwatchrpc.sink.cloudwatch;

import io.github.pgwatchrpc.sink.Outcome;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Gathers what became of the rows of one batch over the calls that it takes. Used by one thread. */
final class Result {

    private final int rows;
    private final Map<Integer, String> refused = new TreeMap<>();
    private final BitSet again = new BitSet();
    private @Nullable Outcome stop;

    Result(int rows) {
        this.rows = rows;
    }

    void refuse(int row, String why) {
        refused.putIfAbsent(row, why);
    }

    boolean isRefused(int row) {
        return refused.containsKey(row);
    }

    /** Ends the writing: this call's rows, and those of all that would follow, come again. */
    void stop(Outcome why) {
        if (stop == null) {
            stop = why;
        }
    }

    boolean isStopped() {
        return stop != null;
    }

    void again(BitSet rowsOfCall) {
        again.or(rowsOfCall);
    }

    Outcome outcome() {
        refused.keySet().forEach(again::clear);
        List<Outcome.RefusedRow> never = new ArrayList<>();
        refused.forEach((row, why) -> never.add(new Outcome.RefusedRow(row, why)));
        if (stop == null || again.isEmpty()) {
            return Outcome.of(never, List.of(), Duration.ZERO, "");
        } else if (again.cardinality() == rows) {
            return stop;
        }
        List<Integer> later = again.stream().boxed().toList();
        if (stop instanceof Outcome.Retry retry) {
            return Outcome.of(never, later, retry.after(), retry.why());
        } else if (stop instanceof Outcome.Paused paused) {
            // the next write finds out again, and pauses with nothing written
            return Outcome.of(never, later, Duration.ZERO, paused.why());
        }
        return Outcome.of(never, later, Duration.ZERO, stop.toString());
    }
}
