package io.github.pgwatchrpc.sink.splunk;

import io.github.pgwatchrpc.sink.Outcome;
import io.github.pgwatchrpc.sink.http.HttpReply;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What HEC says in the body of an answer, which is more than the status does. Read with patterns: it is one flat object
 * of a few members, and whatever else a proxy may send in its place just has none of them.
 *
 * @param code HEC's code, or {@link #NONE}
 * @param ackId the number under which the indexer will confirm the request, or {@link #NONE}
 * @param invalidEvent number of the event that HEC stopped at, or {@link #NONE}. Where it begins to count is not
 *     documented: seen are 0 and, for a wrong index, 1
 */
record HecReply(long code, long ackId, long invalidEvent) {

    static final long NONE = -1;

    /** What an answer means for the events of a request. */
    enum Meaning {
        /** They are taken. */
        TAKEN,
        /** One of them is not as HEC wants it. */
        BAD_EVENT,
        /** The index is not there, or not for this token. */
        WRONG_INDEX,
        /** There are too many bytes of them. */
        TOO_LARGE,
        /** As the outcome says. */
        FAILED
    }

    private static final Pattern CODE = Pattern.compile("\"code\"\\s*:\\s*([0-9]{1,9})");
    private static final Pattern ACK_ID = Pattern.compile("\"ackId\"\\s*:\\s*([0-9]{1,18})");
    private static final Pattern INVALID_EVENT = Pattern.compile("\"invalid-event-number\"\\s*:\\s*([0-9]{1,9})");

    static HecReply of(HttpReply reply) {
        String text = reply.text();
        return new HecReply(number(CODE, text), number(ACK_ID, text), number(INVALID_EVENT, text));
    }

    private static long number(Pattern pattern, String text) {
        Matcher matcher = pattern.matcher(text);
        return matcher.find() ? Long.parseLong(matcher.group(1)) : NONE;
    }

    /** What it means for events, by code: Splunk's page "Troubleshoot HTTP Event Collector", possible error codes. */
    Meaning meaning(int status) {
        if (status >= 200 && status < 300) {
            // 24 and 25: taken, and the queue or the memory for acknowledgements is nearly full
            return code == 0 || code == 24 || code == 25 ? Meaning.TAKEN : Meaning.FAILED;
        } else if (status == 413) {
            return Meaning.TOO_LARGE;
        } else if (code == 6 || code == 12 || code == 13 || code == 15) {
            return Meaning.BAD_EVENT;
        } else if (code == 7) {
            return Meaning.WRONG_INDEX;
        }
        return Meaning.FAILED;
    }

    /**
     * What an answer that took nothing means.
     *
     * @param outcome what its status means; its reason quotes the answer
     * @return the same, or with what is to be mended for this code
     */
    Outcome outcome(Outcome outcome) {
        String why = why(outcome);
        return switch ((int) code) {
            case 1, 22 ->
                new Outcome.Paused(
                        why,
                        "enable the token: Settings, Data inputs, HTTP Event Collector (or disabled = 0 in inputs.conf)");
            case 2, 3, 4, 21 ->
                new Outcome.Paused(why, "check the option token or token-file against the token's value in Splunk");
            case 5 ->
                new Outcome.Paused(
                        why,
                        "find out what between here and Splunk takes the bodies of requests away, such as a proxy");
            case 7 ->
                new Outcome.Paused(
                        why, "make the index, and add it to the indexes that the token allows (option index)");
            case 10 ->
                new Outcome.Paused(
                        why,
                        "set ack=true, since the token wants indexer acknowledgement, or turn that off for the token");
            case 14 ->
                new Outcome.Paused(
                        why,
                        "turn on indexer acknowledgement for the token (useACK = 1 in inputs.conf), or set ack=false");
            case 16 -> new Outcome.Paused(why, "let nothing between here and Splunk move the token into the query");
            // 8 an error inside, 9 busy, 11 a channel that Splunk knows no more, 18 to 20 unhealthy, 23 shutting down,
            // 26 and 27 queue or channel full: all pass
            case 8, 9, 11, 18, 19, 20, 23, 26, 27 -> outcome instanceof Outcome.Retry ? outcome : Outcome.retry(why);
            default -> outcome;
        };
    }

    private static String why(Outcome outcome) {
        if (outcome instanceof Outcome.Refused refused) {
            return refused.why();
        } else if (outcome instanceof Outcome.Paused paused) {
            return paused.why();
        } else if (outcome instanceof Outcome.Retry retry) {
            return retry.why();
        }
        return String.valueOf(outcome);
    }
}
