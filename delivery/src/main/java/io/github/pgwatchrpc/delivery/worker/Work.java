package io.github.pgwatchrpc.delivery.worker;

import io.github.pgwatchrpc.sink.Batch;
import io.github.pgwatchrpc.sink.Readiness;
import io.github.pgwatchrpc.sink.Sink;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Something to do with a sink, as often as it takes. */
abstract sealed class Work {

    /** How often it has been tried. */
    int attempts;

    /** Not before this time. */
    long notBefore;

    /** When the last try began. */
    long startedAt;

    /** Rows to write. */
    static final class Piece extends Work {
        final Batch batch;

        /** Where it came from and goes back to; null for dead letters that are tried again. */
        final @Nullable Lane lane;

        /** If these are dead letters: the id of each row's, else empty. */
        final List<Long> letters;

        /** How often it has failed while others passed. */
        private int failures;

        /** When it last failed. */
        private long failedAt;

        Piece(Batch batch, @Nullable Lane lane, List<Long> letters, int attempts) {
            this.batch = batch;
            this.lane = lane;
            this.letters = letters;
            this.attempts = attempts;
        }

        /**
         * It has failed.
         *
         * @param now when
         * @param passedAt when something last passed
         * @param progressed whether some of its own rows have passed
         * @return how often what is left of it has, 1 and up; while nothing passes it is not to blame, and the count stands still
         */
        int failed(long now, long passedAt, boolean progressed) {
            if (progressed) {
                failures = 1;
            } else if (failures == 0 || passedAt >= failedAt) {
                failures++;
            }
            failedAt = now;
            return failures;
        }

        /** Some of the rows. */
        Piece part(List<Integer> rows) {
            Piece part = new Piece(
                    rows.size() == batch.size() ? batch : batch.select(rows),
                    lane,
                    letters.isEmpty()
                            ? letters
                            : rows.stream().map(letters::get).toList(),
                    attempts);
            part.failures = failures;
            part.failedAt = failedAt;
            return part;
        }
    }

    /** Something else; nothing else is under way meanwhile. */
    static final class Task extends Work {

        /** What to call. */
        interface Call {
            /** Calls the sink. */
            @Nullable
            Readiness on(Sink sink) throws IOException, InterruptedException;
        }

        final String name;
        final Call call;

        /** What follows when the sink is ready. */
        final Runnable done;

        Task(String name, Call call, Runnable done) {
            this.name = name;
            this.call = call;
            this.done = done;
        }
    }
}
