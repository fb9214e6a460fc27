/** A view of a page that somebody saved: the parameters of its address under a name. `GET /api/v1/views?page=logs` */
export interface SavedView {
  id: string;
  name: string;
  page: 'logs';
  /** Parameters of the address, as in `q=level%3Aerror&range=1h`. */
  search: string;
  /** Everybody sees it, not only who saved it. */
  shared: boolean;
  owner: string;
  /** Whether the asker may change it. */
  mine: boolean;
}
