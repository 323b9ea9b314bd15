import type { APIPromise } from './api-promise.js';

/** Where a page stands in its list. */
export interface Pagination {
  page: number;
  limit: number;
  total: number;
  totalPages: number;
}

/** One page of a list. */
export interface Page<T> {
  data: T[];
  pagination: Pagination;
}

/** Which page of a list is wanted. */
export interface PageParams {
  /** The number of the page. Default: 1. */
  page?: number;
  /** Entries on a page. Default: 20. */
  limit?: number;
}

/** The entries of a page and of all that follow it; a page is asked for when it is reached. */
export async function* paginate<T>(first: number, fetchPage: (page: number) => APIPromise<Page<T>>): AsyncGenerator<T, void, undefined> {
  for (let number = first; ; number += 1) {
    const { data, pagination } = await fetchPage(number);
    yield* data;
    if (data.length === 0 || number >= pagination.totalPages) return;
  }
}
