package io.github.pgwatchrpc.sink.pubsub;

import java.util.Set;

/** What the <a href="https://cloud.google.com/pubsub/quotas#resource_limits">service takes</a>, and names of ours. */
final class ServiceLimits {

    /** Messages of a request. */
    static final int MAX_MESSAGES = 1_000;

    /** A request and a message alike: Google's 10 MB are ten million bytes. */
    static final int MAX_REQUEST_BYTES = 10_000_000;

    /** An attribute's key, in UTF-8. */
    static final int MAX_KEY_BYTES = 256;

    /** An attribute's value, in UTF-8. */
    static final int MAX_VALUE_BYTES = 1_024;

    /** An ordering key, in UTF-8. */
    static final int MAX_ORDERING_KEY_BYTES = 1_024;

    /** Half of what a message may have, far more than a filter is about. */
    static final int MAX_TAG_ATTRIBUTES = 50;

    /** The row's, or of an envelope the first row's and the last row's number. */
    static final String ID = "id";

    static final String DATABASE = "database";
    static final String METRIC = "metric";
    static final String CONTENT_TYPE = "content_type";
    static final String CONTENT_ENCODING = "content_encoding";

    /** No tag becomes an attribute of these names. */
    static final Set<String> OWN_ATTRIBUTES = Set.of(ID, DATABASE, METRIC, CONTENT_TYPE, CONTENT_ENCODING);

    private ServiceLimits() {}
}
