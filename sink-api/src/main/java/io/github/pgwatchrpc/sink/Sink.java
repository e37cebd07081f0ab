package io.github.pgwatchrpc.sink;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where measurements go. The package's page tells the whole contract; this is its heart.
 *
 * <p>Threads: one call at a time, on any thread, except that {@link #write} is called by as many threads at once as the
 * provider's {@link Limits#concurrency} allows, which is one unless it says otherwise. A thread that is interrupted must
 * come back soon; the outcome of its batch is then unknown and its rows come again.
 */
@FunctionalInterface
public interface Sink extends AutoCloseable {

    /**
     * Makes ready for writing: connects, and looks whether the target is there and would take rows. Writes no row. Called
     * again after an answer other than {@link Readiness.Ready} and after {@link Outcome.Paused}; whoever only wants to
     * check a configuration calls it too.
     *
     * @return ready, or what stands in the way
     * @throws IOException the same as {@link Outcome.Retry} with its message
     * @throws InterruptedException if the thread was interrupted
     */
    default Readiness open() throws IOException, InterruptedException {
        return Readiness.ready();
    }

    /**
     * Writes rows and blocks until they are safe or it is clear that they are not.
     *
     * @param batch at least one row, within the provider's {@link Limits}
     * @return what came of it, for every row
     * @throws IOException the same as {@link Outcome.Retry} with its message
     * @throws InterruptedException if the thread was interrupted
     */
    Outcome write(Batch batch) throws IOException, InterruptedException;

    /**
     * Gives back connections, threads and files, within seconds. No write is under way, or all of them have been
     * interrupted. May be called twice, and without {@link #open}; nothing is called after it.
     */
    @Override
    default void close() {}

    // ---- what a sink may be able to do beyond that; see Capability ----

    /**
     * Makes what is missing at the target: an index, a topic, a table. What is there already stays as it is.
     *
     * @return ready, or what stands in the way
     * @throws UnsupportedOperationException without {@link Capability#PROVISION}
     * @throws IOException the same as {@link Outcome.Retry} with its message
     * @throws InterruptedException if the thread was interrupted
     */
    default Readiness provision() throws IOException, InterruptedException {
        throw Capability.PROVISION.missing();
    }

    /**
     * What {@link #provision} would make if nothing was there, in words that the target's own tools understand: for those
     * who make it by hand, or want to look first. Asks nobody and changes nothing.
     *
     * @return one text for each thing; none if there is nothing to make
     * @throws UnsupportedOperationException without {@link Capability#PROVISION}
     */
    default List<String> plan() {
        throw Capability.PROVISION.missing();
    }

    /**
     * Takes pgwatch's metric definitions, which it sends at its start and at every refresh, changed or not.
     *
     * @param definitions pgwatch's keys {@code MetricDefs} and {@code PresetDefs}, with values of the measurement model
     * @return ready if they are stored, or what stands in the way
     * @throws UnsupportedOperationException without {@link Capability#DEFINITIONS}
     * @throws IOException the same as {@link Outcome.Retry} with its message
     * @throws InterruptedException if the thread was interrupted
     */
    default Readiness define(Map<String, @Nullable Object> definitions) throws IOException, InterruptedException {
        throw Capability.DEFINITIONS.missing();
    }

    /**
     * Takes the news that pgwatch has begun or ceased to gather a metric.
     *
     * @param event what began or ceased
     * @return ready if it is done, or what stands in the way
     * @throws UnsupportedOperationException without {@link Capability#SYNC}
     * @throws IOException the same as {@link Outcome.Retry} with its message
     * @throws InterruptedException if the thread was interrupted
     */
    default Readiness sync(SyncEvent event) throws IOException, InterruptedException {
        throw Capability.SYNC.missing();
    }
}
