package io.github.pgwatchrpc.delivery.worker;

import io.github.pgwatchrpc.sink.Outcome;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * What follows from an outcome, for each row of the batch: it is dead, or it comes again in one of some pieces, or it is
 * done.
 *
 * @param dead rows that are refused for good
 * @param again rows that come again, piece by piece, ascending
 * @param after not before this time; zero if the target did not say
 * @param why what is the matter; empty if nothing is
 * @param failed whether the target, and not a row, is to blame for what comes again
 * @param paused what is to be mended; null if nothing
 */
record Verdict(
        List<Outcome.RefusedRow> dead,
        List<List<Integer>> again,
        Duration after,
        String why,
        boolean failed,
        Outcome.@Nullable Paused paused) {

    /**
     * Judges.
     *
     * @param size rows of the batch
     * @param outcome what the sink has answered, if anything
     */
    static Verdict of(int size, @Nullable Outcome outcome) {
        if (outcome instanceof Outcome.Written) {
            return new Verdict(List.of(), List.of(), Duration.ZERO, "", false, null);
        } else if (outcome instanceof Outcome.Partly partly) {
            return of(size, partly);
        } else if (outcome instanceof Outcome.Retry retry) {
            return retry(size, retry.after(), retry.why());
        } else if (outcome instanceof Outcome.Paused paused) {
            return new Verdict(List.of(), List.of(range(0, size)), Duration.ZERO, paused.why(), true, paused);
        } else if (outcome instanceof Outcome.Refused refused) {
            return size == 1
                    ? new Verdict(
                            List.of(new Outcome.RefusedRow(0, refused.why())),
                            List.of(),
                            Duration.ZERO,
                            "",
                            false,
                            null)
                    : new Verdict(
                            List.of(),
                            List.of(range(0, size / 2), range(size / 2, size)),
                            Duration.ZERO,
                            "",
                            false,
                            null);
        }
        return retry(size, Duration.ZERO, "the sink breaks its contract: its outcome is null");
    }

    private static Verdict of(int size, Outcome.Partly partly) {
        int last = Math.max(
                partly.refused().stream()
                        .mapToInt(Outcome.RefusedRow::row)
                        .max()
                        .orElse(-1),
                partly.retry().stream().mapToInt(row -> row).max().orElse(-1));
        if (last >= size) {
            // nothing that it says can be believed
            return retry(
                    size,
                    Duration.ZERO,
                    "the sink breaks its contract: it names row " + last + " (expected: <= " + (size - 1) + ")");
        }
        List<Integer> rows = partly.retry().stream().sorted().toList();
        return new Verdict(
                partly.refused(),
                rows.isEmpty() ? List.of() : List.of(rows),
                partly.after(),
                partly.why(),
                !rows.isEmpty(),
                null);
    }

    static Verdict retry(int size, Duration after, String why) {
        return new Verdict(List.of(), List.of(range(0, size)), after, why, true, null);
    }

    /** The same, when the dead letters could not be written: what was refused comes again with the rest. */
    Verdict withoutDead(String reason) {
        List<List<Integer>> pieces = new ArrayList<>(again);
        pieces.add(dead.stream().map(Outcome.RefusedRow::row).sorted().toList());
        return new Verdict(List.of(), pieces, Duration.ZERO, reason, true, paused);
    }

    private static List<Integer> range(int from, int to) {
        return IntStream.range(from, to).boxed().toList();
    }
}
