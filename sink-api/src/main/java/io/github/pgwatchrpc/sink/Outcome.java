package io.github.pgwatchrpc.sink;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/** What came of a write; the package's page tells what follows from each. Reasons are for people: they name the thing. */
public sealed interface Outcome {

    /**
     * All rows are safe.
     *
     * @return the outcome
     */
    static Outcome written() {
        return Written.ALL;
    }

    /**
     * Sums up the answers that a target gave row by row.
     *
     * @param refused rows that the target will never take
     * @param retry numbers of the rows that are to come again
     * @param after not before this time; zero if the target did not say
     * @param why why they are to come again
     * @return {@link Written} if both lists are empty, else {@link Partly}
     */
    static Outcome of(List<RefusedRow> refused, List<Integer> retry, Duration after, String why) {
        return refused.isEmpty() && retry.isEmpty() ? written() : new Partly(refused, retry, after, why);
    }

    /**
     * Try again; the delivery knows when.
     *
     * @param why what is the matter
     * @return the outcome
     */
    static Retry retry(String why) {
        return new Retry(Duration.ZERO, why);
    }

    /** All rows are safe. */
    record Written() implements Outcome {
        private static final Written ALL = new Written();
    }

    /**
     * Some rows were not written; those that neither list names are safe.
     *
     * @param refused rows that the target will never take
     * @param retry numbers of the rows that are to come again; none of them is refused
     * @param after not before this time (Retry-After); zero if the target did not say
     * @param why why they are to come again; empty if none are
     */
    record Partly(List<RefusedRow> refused, List<Integer> retry, Duration after, String why) implements Outcome {
        /**
         * Copies the lists.
         *
         * @param refused rows that the target will never take
         * @param retry numbers of the rows that are to come again
         * @param after not before this time, not negative
         * @param why why they are to come again
         * @throws IllegalArgumentException if a row is named twice or a number is negative
         */
        public Partly {
            refused = List.copyOf(refused);
            retry = List.copyOf(retry);
            requireNotNegative(after);
            Objects.requireNonNull(why, "why");
            int[] rows = new int[refused.size() + retry.size()];
            int count = 0;
            for (RefusedRow row : refused) {
                rows[count++] = row.row();
            }
            for (int row : retry) {
                rows[count++] = row;
            }
            Arrays.sort(rows);
            for (int i = 1; i < rows.length; i++) {
                if (rows[i] == rows[i - 1]) {
                    throw new IllegalArgumentException("row " + rows[i] + ": named twice (expected: once)");
                }
            }
            if (rows.length > 0 && rows[0] < 0) {
                throw new IllegalArgumentException("row: " + rows[0] + " (expected: >= 0)");
            }
        }
    }

    /**
     * No row was written, or it is not known which; all are to come again.
     *
     * @param after not before this time (Retry-After); zero if the target did not say
     * @param why what is the matter
     */
    record Retry(Duration after, String why) implements Outcome, Readiness {
        /**
         * Checks the time.
         *
         * @param after not before this time, not negative
         * @param why what is the matter
         * @throws IllegalArgumentException if the time is negative
         */
        public Retry {
            requireNotNegative(after);
            Objects.requireNonNull(why, "why");
        }
    }

    /**
     * No row was written, and none will be until somebody mends something.
     *
     * @param why what is wrong
     * @param mend what to do about it
     */
    record Paused(String why, String mend) implements Outcome, Readiness {}

    /**
     * No row was written, and this batch as it is never will be.
     *
     * @param why what the target said
     */
    record Refused(String why) implements Outcome {}

    /**
     * A row that the target will never take.
     *
     * @param row its number in the batch, from 0
     * @param why what the target said
     */
    record RefusedRow(int row, String why) {}

    private static void requireNotNegative(Duration after) {
        if (after.isNegative()) {
            throw new IllegalArgumentException("after: " + after + " (expected: >= 0)");
        }
    }
}
