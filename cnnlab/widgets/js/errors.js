// Bad input from the learner: shown in red as a sentence. Anything else that is thrown is a fault of ours.
export class UserError extends Error {}
