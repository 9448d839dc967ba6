/** Figures that several parts agree on, each with its reason. Times are milliseconds unless the name says otherwise. */

/** How long a worker's hold on a session lasts without renewal. Long enough for a busy event loop, short enough after a kill. */
export const leaseMs = 4_000;
/** How often a worker renews all its leases in one statement. */
export const leaseRenewMs = 1_000;
/** How often the record is swept for work that no job stands for. */
export const sweepMs = 1_000;
/** A person's message longer than this is cut, with a note to the model. */
export const messageChars = 100_000;
