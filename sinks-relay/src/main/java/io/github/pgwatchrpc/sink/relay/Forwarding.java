package io.github.pgwatchrpc.sink.relay;

import io.github.pgwatchrpc.sink.Batch;
import io.github.pgwatchrpc.sink.Outcome;
import io.github.pgwatchrpc.sink.Outcome.RefusedRow;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import org.jspecify.annotations.Nullable;

/**
 * One batch on its way: a call for each envelope, many at once, but of one database and metric the next only when the one
 * before is stored, so that their order is kept whatever fails. All of it is done on the thread that writes; calls only put
 * their answers into a queue. To be run once.
 */
final class Forwarding {

    private record Name(String database, String metric) {}

    /** What is left of a database and metric, in order; the first is under way or next. */
    private record Chain(Deque<Piece> pieces) {}

    private record Answered(Chain chain, @Nullable Throwable failure) {}

    private final Link link;
    private final int size;
    private final int calls;
    private final Collection<Chain> chains;
    private final Deque<Chain> ready;
    private final BlockingQueue<Answered> answers = new LinkedBlockingQueue<>();
    private final List<RefusedRow> refused = new ArrayList<>();
    private int underWay;

    /** Nothing more is sent. */
    private boolean halted;

    /** Why something is left, the first reason that came. */
    private @Nullable Answer obstacle;

    Forwarding(Link link, Batch batch, int calls) {
        this.link = link;
        this.size = batch.size();
        this.calls = calls;
        Map<Name, Chain> byName = new LinkedHashMap<>();
        int row = 0;
        for (Batch.Slice slice : batch.slices()) {
            Name name = new Name(slice.envelope().database(), slice.envelope().metric());
            byName.computeIfAbsent(name, unused -> new Chain(new ArrayDeque<>(2)))
                    .pieces()
                    .add(new Piece(slice.envelope(), slice.from(), slice.to(), row));
            row += slice.size();
        }
        this.chains = byName.values();
        this.ready = new ArrayDeque<>(chains);
    }

    /**
     * Sends all of it, as far as it goes.
     *
     * @throws InterruptedException if the thread was interrupted; what was under way is left to itself
     */
    Outcome run() throws InterruptedException {
        while (true) {
            while (underWay < calls && !halted && !ready.isEmpty()) {
                send(ready.remove());
            }
            if (underWay == 0) {
                return outcome();
            }
            Answered next = answers.take();
            underWay--;
            settle(next.chain(), Answer.of(next.failure()));
        }
    }

    private void send(Chain chain) {
        CompletableFuture<String> call;
        try {
            call = link.update(chain.pieces().element().envelope());
        } catch (RuntimeException e) {
            call = CompletableFuture.failedFuture(e);
        }
        underWay++;
        call.whenComplete((text, failure) -> answers.add(new Answered(chain, failure)));
    }

    private void settle(Chain chain, Answer answer) {
        Deque<Piece> pieces = chain.pieces();
        if (answer instanceof Answer.Later) {
            stop(answer, true);
            return;
        } else if (answer instanceof Answer.Mend mend) {
            stop(answer, mend.everything());
            return;
        }
        Piece piece = pieces.remove();
        if (answer instanceof Answer.TooLarge && piece.size() > 1) {
            List<Piece> halves = piece.halves();
            pieces.addFirst(halves.get(1));
            pieces.addFirst(halves.get(0));
        } else if (answer instanceof Answer.TooLarge large) {
            refuse(piece, large.why());
        } else if (answer instanceof Answer.Never never) {
            refuse(piece, never.why());
        }
        if (!pieces.isEmpty()) {
            ready.add(chain);
        }
    }

    private void stop(Answer why, boolean everything) {
        if (obstacle == null) {
            obstacle = why;
        }
        halted |= everything;
    }

    private void refuse(Piece piece, String why) {
        for (int i = 0; i < piece.size(); i++) {
            refused.add(new RefusedRow(piece.row() + i, why));
        }
    }

    private Outcome outcome() {
        List<Integer> left = new ArrayList<>();
        for (Chain chain : chains) {
            for (Piece piece : chain.pieces()) {
                for (int i = 0; i < piece.size(); i++) {
                    left.add(piece.row() + i);
                }
            }
        }
        left.sort(null);
        String why = "";
        if (obstacle instanceof Answer.Mend mend) {
            if (left.size() == size) {
                return new Outcome.Paused(mend.why(), mend.mend());
            }
            // some are stored, which a pause would send again; when nothing else is left it comes to that
            why = mend.why() + " (" + mend.mend() + ")";
        } else if (obstacle instanceof Answer.Later later) {
            why = later.why();
        }
        return left.size() == size ? Outcome.retry(why) : Outcome.of(refused, left, Duration.ZERO, why);
    }
}
