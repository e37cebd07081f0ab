package io.github.pgwatchrpc.sink.mongo;

import com.mongodb.MongoBulkWriteException;
import com.mongodb.bulk.BulkWriteError;
import com.mongodb.client.MongoDatabase;
import com.mongodb.client.model.InsertManyOptions;
import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.sink.Batch;
import io.github.pgwatchrpc.sink.Outcome;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bson.RawBsonDocument;
import org.jspecify.annotations.Nullable;

/** One write: a batch becomes documents by collection, each collection gets its own, and what came of it is gathered. */
final class Writing {

    private static final InsertManyOptions UNORDERED = new InsertManyOptions().ordered(false);

    /** Documents take more than rows do in memory: names are in each. */
    private static final int GROWTH = 3;

    /** The documents for one collection, by the numbers of their rows. */
    private static final class Group {
        private final List<Integer> rows = new ArrayList<>();
        private final List<int[]> places = new ArrayList<>();
    }

    /** Nothing more can be written now. */
    private static final class StopException extends Exception {
        private static final long serialVersionUID = 1;

        private final transient Outcome outcome;
        private final transient List<Integer> rows;

        StopException(Outcome outcome, List<Integer> rows) {
            super(outcome.toString());
            this.outcome = outcome;
            this.rows = rows;
        }
    }

    private final Layout layout;
    private final Catalog catalog;
    private final MongoDatabase database;
    private final int size;

    private final Map<String, Group> groups = new LinkedHashMap<>();
    private final byte[] documents;

    private final List<Outcome.RefusedRow> refused = new ArrayList<>();
    private final List<Integer> retry = new ArrayList<>();
    private Duration after = Duration.ZERO;
    private String why = "";

    /** Encodes the rows; those that MongoDB would not take are refused at once. */
    Writing(Layout layout, Catalog catalog, MongoDatabase database, Batch batch) {
        this.layout = layout;
        this.catalog = catalog;
        this.database = database;
        this.size = batch.size();
        DocumentWriter writer = new DocumentWriter(layout, GROWTH * batch.sizeInBytes());
        Map<String, Group> byMetric = new HashMap<>();
        int row = 0;
        for (Batch.Slice slice : batch.slices()) {
            MeasurementEnvelope envelope = slice.envelope();
            Group group = byMetric.computeIfAbsent(
                    envelope.metric(),
                    metric -> groups.computeIfAbsent(layout.collectionOf(metric), name -> new Group()));
            for (int i = slice.from(); i < slice.to(); i++, row++) {
                int begin = writer.length();
                try {
                    writer.write(envelope.get(i), batch.id(row));
                    group.rows.add(row);
                    group.places.add(new int[] {begin, writer.length() - begin});
                } catch (DocumentWriter.UnfitException e) {
                    refuse(row, e.getMessage());
                }
            }
        }
        groups.values().removeIf(group -> group.rows.isEmpty());
        documents = writer.buffer();
    }

    /** Writes them; blocks. */
    Outcome run() {
        List<Map.Entry<String, Group>> rest = new ArrayList<>(groups.entrySet());
        try {
            refuseThoseWithoutCollection(rest);
            while (!rest.isEmpty()) {
                Map.Entry<String, Group> next = rest.get(0);
                Group group = next.getValue();
                List<RawBsonDocument> all = new ArrayList<>(group.places.size());
                for (int[] place : group.places) {
                    all.add(new RawBsonDocument(documents, place[0], place[1]));
                }
                insert(next.getKey(), all, group.rows);
                rest.remove(0);
            }
        } catch (StopException stop) {
            return stopped(stop.outcome, stop.rows, rest);
        } catch (Catalog.MendException e) {
            return stopped(e.paused(), List.of(), rest);
        }
        return retry.size() == size ? new Outcome.Retry(after, why) : Outcome.of(refused, retry, after, why);
    }

    private void refuseThoseWithoutCollection(List<Map.Entry<String, Group>> rest) throws StopException {
        if (rest.isEmpty()) {
            return;
        }
        Map<String, String> without;
        try {
            without = catalog.ensure(database, groups.keySet(), layout.create());
        } catch (Catalog.MendException e) {
            throw e;
        } catch (RuntimeException e) {
            Outcome outcome = Failures.outcome(e);
            // a name that the server does not take, whichever it was: each of them alone will tell
            if (outcome instanceof Outcome.Refused && groups.size() == 1) {
                rest.clear();
                groups.values().forEach(group -> group.rows.forEach(row -> refuse(row, Failures.line(e.getMessage()))));
                return;
            }
            throw new StopException(outcome, List.of());
        }
        rest.removeIf(each -> {
            String reason = without.get(each.getKey());
            if (reason != null) {
                each.getValue().rows.forEach(row -> refuse(row, reason));
            }
            return reason != null;
        });
    }

    /** Inserts documents into a collection; what the server refuses as a whole is halved down to what it does not like. */
    private void insert(String collection, List<RawBsonDocument> all, List<Integer> rows) throws StopException {
        try {
            database.getCollection(collection, RawBsonDocument.class).insertMany(all, UNORDERED);
        } catch (MongoBulkWriteException e) {
            sort(e, rows);
        } catch (RuntimeException e) {
            Outcome outcome = Failures.outcome(e);
            if (!(outcome instanceof Outcome.Refused no)) {
                throw new StopException(outcome, rows);
            } else if (all.size() == 1) {
                refuse(rows.get(0), no.why());
            } else {
                int half = all.size() / 2;
                try {
                    insert(collection, all.subList(0, half), rows.subList(0, half));
                } catch (StopException stop) {
                    List<Integer> both = new ArrayList<>(stop.rows);
                    both.addAll(rows.subList(half, rows.size()));
                    throw new StopException(stop.outcome, both);
                }
                insert(collection, all.subList(half, all.size()), rows.subList(half, rows.size()));
            }
        }
    }

    /** Goes through what the server said of single documents. */
    private void sort(MongoBulkWriteException answer, List<Integer> rows) {
        boolean[] failed = new boolean[rows.size()];
        for (BulkWriteError error : answer.getWriteErrors()) {
            failed[error.getIndex()] = true;
            int row = rows.get(error.getIndex());
            if (!layout.isTimeSeries() && Failures.isThereAlready(error)) {
                // with what it has said of a majority below
                failed[error.getIndex()] = false;
            } else if (Failures.isPassing(error)) {
                again(row, Failures.after(error.getMessage()), error.getMessage());
            } else {
                refuse(row, error.getMessage() + " (code " + error.getCode() + ")");
            }
        }
        if (answer.getWriteConcernError() != null) {
            String message = answer.getWriteConcernError().getCodeName() + ": "
                    + answer.getWriteConcernError().getMessage();
            for (int i = 0; i < failed.length; i++) {
                if (!failed[i]) {
                    again(rows.get(i), Duration.ZERO, message);
                }
            }
        }
    }

    /** What could not be tried comes again with what failed; what was written or refused before stays so. */
    private Outcome stopped(Outcome outcome, List<Integer> failed, List<Map.Entry<String, Group>> rest) {
        List<Integer> open = new ArrayList<>(failed);
        for (int i = failed.isEmpty() ? 0 : 1; i < rest.size(); i++) {
            open.addAll(rest.get(i).getValue().rows);
        }
        if (open.size() == size) {
            return outcome;
        }
        Duration after = this.after;
        String reason = outcome.toString();
        if (outcome instanceof Outcome.Retry again) {
            after = again.after().compareTo(after) > 0 ? again.after() : after;
            reason = again.why();
        } else if (outcome instanceof Outcome.Paused paused) {
            reason = paused.why();
        } else if (outcome instanceof Outcome.Refused no) {
            reason = no.why();
        }
        open.addAll(retry);
        return open.size() == size
                ? new Outcome.Retry(after, reason)
                : new Outcome.Partly(refused, open, after, reason);
    }

    private void again(int row, Duration notBefore, String message) {
        retry.add(row);
        after = notBefore.compareTo(after) > 0 ? notBefore : after;
        why = Failures.line(message);
    }

    private void refuse(int row, @Nullable String message) {
        refused.add(new Outcome.RefusedRow(row, Failures.line(message)));
    }
}
