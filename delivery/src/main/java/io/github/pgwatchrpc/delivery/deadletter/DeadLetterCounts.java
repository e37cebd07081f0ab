package io.github.pgwatchrpc.delivery.deadletter;

/**
 * What has become of a sink's dead letters.
 *
 * @param total all that there have ever been
 * @param queued those that are queued for another try
 * @param delivered those that another try has delivered
 * @param dropped those that were dropped by order
 * @param lost those that cannot be read any more
 * @param bytes what they take on disk
 */
public record DeadLetterCounts(long total, long queued, long delivered, long dropped, long lost, long bytes) {

    /**
     * Those that lie there.
     *
     * @return number of letters
     */
    public long dead() {
        return total - queued - delivered - dropped - lost;
    }
}
