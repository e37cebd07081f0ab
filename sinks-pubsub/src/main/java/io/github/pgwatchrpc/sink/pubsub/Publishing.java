package io.github.pgwatchrpc.sink.pubsub;

import com.google.api.core.ApiFuture;
import com.google.pubsub.v1.PublishResponse;
import io.github.pgwatchrpc.sink.Batch;
import io.github.pgwatchrpc.sink.Outcome;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * One write: sends the requests of a batch, several at once but of each ordering key one after the other, waits for every
 * answer and sums them up. What the service finds bad is sent again in halves until the bad row is alone. Used once, by one
 * thread.
 */
final class Publishing {

    private final Batch batch;
    private final Topic topic;
    private final Messages messages;
    private final PubSubSettings settings;

    private final Deque<Deque<Chunk>> waiting = new ArrayDeque<>();
    private final Set<Sent> underWay = new HashSet<>();
    private final BlockingQueue<Sent> answered = new LinkedBlockingQueue<>();

    private final List<Outcome.RefusedRow> refused = new ArrayList<>();
    private final List<Integer> again = new ArrayList<>();
    private Duration after = Duration.ZERO;
    private String why = "";
    private Failure.@Nullable Mend mend;
    private boolean stopped;
    private boolean lostConnection;

    Publishing(Batch batch, Topic topic, Messages messages, PubSubSettings settings) {
        this.batch = batch;
        this.topic = topic;
        this.messages = messages;
        this.settings = settings;
    }

    /** A request that has been sent, and what is to follow it. */
    private static final class Sent {
        final Chunk chunk;
        final Deque<Chunk> lane;
        final ApiFuture<PublishResponse> answer;

        Sent(Chunk chunk, Deque<Chunk> lane, ApiFuture<PublishResponse> answer) {
            this.chunk = chunk;
            this.lane = lane;
            this.answer = answer;
        }
    }

    Outcome run() throws InterruptedException {
        add(IntStream.range(0, batch.size()).toArray());
        try {
            while (true) {
                while (!stopped && underWay.size() < settings.inFlight() && !waiting.isEmpty()) {
                    send(waiting.remove());
                }
                if (underWay.isEmpty()) {
                    return outcome();
                }
                Sent sent = answered.take();
                underWay.remove(sent);
                take(sent);
            }
        } finally {
            // when interrupted; nobody waits for them any more
            underWay.forEach(each -> each.answer.cancel(true));
        }
    }

    /** The writer of messages, when all is done. */
    Messages messages() {
        return messages;
    }

    /** Whether the connection was lost on the way. */
    boolean lostConnection() {
        return lostConnection;
    }

    private void add(int[] rows) {
        Messages.Requests requests = messages.of(batch, rows);
        waiting.addAll(requests.lanes());
        refused.addAll(requests.refused());
    }

    private void send(Deque<Chunk> lane) {
        Chunk chunk = lane.remove();
        ApiFuture<PublishResponse> answer = topic.publish(chunk.request());
        Sent sent = new Sent(chunk, lane, answer);
        underWay.add(sent);
        answer.addListener(() -> answered.add(sent), Runnable::run);
    }

    private void take(Sent sent) throws InterruptedException {
        try {
            int ids = sent.answer.get().getMessageIdsCount();
            int count = sent.chunk.request().getMessagesCount();
            if (ids != count) {
                failed(
                        sent,
                        new Failure.Again(
                                Duration.ZERO, "ids in the answer: " + ids + " (expected: " + count + ")", false));
            } else if (!sent.lane.isEmpty()) {
                waiting.addFirst(sent.lane);
            }
        } catch (ExecutionException e) {
            Throwable cause = e.getCause();
            failed(sent, Failure.of("publish to", cause == null ? e : cause, settings));
        } catch (CancellationException e) {
            failed(sent, new Failure.Again(Duration.ZERO, "publish to " + settings.topicPath() + ": cancelled", true));
        }
    }

    private void failed(Sent sent, Failure failure) {
        int[] rows = sent.chunk.rows();
        if (failure instanceof Failure.Bad bad) {
            if (rows.length == 1) {
                refused.add(new Outcome.RefusedRow(rows[0], bad.why()));
            } else {
                halve(rows, sent.lane);
            }
            if (!sent.lane.isEmpty()) {
                waiting.addFirst(sent.lane);
            }
            return;
        }
        stopped = true;
        come(rows);
        waiting.add(sent.lane);
        if (failure instanceof Failure.Again retry) {
            after = after.compareTo(retry.after()) < 0 ? retry.after() : after;
            why = retry.why();
            lostConnection |= retry.lostConnection();
        } else if (failure instanceof Failure.Mend must) {
            mend = must;
            why = must.why();
        } else {
            throw new IllegalStateException("failure: " + failure + " (expected: one of three)");
        }
    }

    /** Puts two requests in the place of one, before those that are to follow it. */
    private void halve(int[] rows, Deque<Chunk> lane) {
        Deque<Chunk> halves = new ArrayDeque<>();
        int half = rows.length / 2;
        for (int[] part : List.of(Arrays.copyOf(rows, half), Arrays.copyOfRange(rows, half, rows.length))) {
            Messages.Requests requests = messages.of(batch, part);
            requests.lanes().forEach(halves::addAll);
            refused.addAll(requests.refused());
        }
        while (!halves.isEmpty()) {
            lane.addFirst(halves.removeLast());
        }
    }

    private void come(int[] rows) {
        for (int row : rows) {
            again.add(row);
        }
    }

    private Outcome outcome() {
        waiting.forEach(lane -> lane.forEach(chunk -> come(chunk.rows())));
        if (again.size() == batch.size()) {
            return mend != null ? new Outcome.Paused(mend.why(), mend.mend()) : new Outcome.Retry(after, why);
        }
        again.sort(null);
        return Outcome.of(refused, again, after, why);
    }
}
