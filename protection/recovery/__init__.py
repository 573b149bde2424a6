"""Money back from the carrier: who pays for what until when, the case of each parcel, its papers, what came in."""
