import type { Core } from '../core.js';

export abstract class Resource {
  constructor(protected readonly core: Core) {}
}
