int ctext_x(void){return 0;}
